/** Reads a request's body to the end and discards it. Returns its length in bytes. */
export async function bodyLength(request: Request): Promise<number> {
  if (!hasBody(request.method)) return 0;
  const reader = request.body?.getReader();
  if (!reader) return 0;
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes;
    bytes += value.byteLength;
  }
}

/** GET and HEAD have no body, and looking for one makes Node build a complete Request. */
export function hasBody(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD';
}
