/** Reads a request's body to its end without keeping it; returns its length in bytes. */
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

/** These have none, and to look for one makes Node build a whole Request. */
export function hasBody(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD';
}
