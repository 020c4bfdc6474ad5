/** Reads a request's body to its end without keeping it; returns its length in bytes. */
export async function bodyLength(request: Request): Promise<number> {
  // These have none, and to look for one makes Node build a whole Request.
  if (request.method === 'GET' || request.method === 'HEAD') return 0;
  const reader = request.body?.getReader();
  if (!reader) return 0;
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes;
    bytes += value.byteLength;
  }
}
