/** Reads a request's body to its end without keeping it; returns its length in bytes. */
export async function bodyLength(request: Request): Promise<number> {
  const reader = request.body?.getReader();
  if (!reader) return 0;
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes;
    bytes += value.byteLength;
  }
}
