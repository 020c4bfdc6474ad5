/** Reads a streamed response of the API server line by line. */
import type { IncomingMessage } from 'node:http';

/**
 * Unlike node:readline, this throws the connection's error if the connection is cut. An unfinished last line is
 * dropped.
 * @param longest how many characters of a line are kept, so that an endless line does not fill the memory
 */
export async function* linesOf(response: IncomingMessage, longest: number): AsyncGenerator<string> {
  response.setEncoding('utf8');
  let pieces: string[] = [];
  let left = longest;
  const keep = (text: string) => {
    if (left > 0) pieces.push(text.slice(0, left));
    left -= text.length;
  };
  for await (const chunk of response as AsyncIterable<string>) {
    const [first = '', ...more] = chunk.split('\n');
    keep(first);
    for (const text of more) {
      yield pieces.join('');
      pieces = [];
      left = longest;
      keep(text);
    }
  }
}

/** Whether the connection was refused, cut or aborted. Another attempt may succeed, or is no longer needed. */
export function isConnectionError(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).code === 'string';
}
