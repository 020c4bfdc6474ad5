/** A streamed response of the API server, line by line. */
import type { IncomingMessage } from 'node:http';

/**
 * Unlike node:readline, this ends when the connection is cut: the error is thrown. An unfinished last line is left out.
 * @param longest how many characters of a line are kept: one without an end must not fill the memory
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

/** The connection was refused, cut or aborted: nothing that another attempt cannot set right, or that matters any more. */
export function isConnectionError(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).code === 'string';
}
