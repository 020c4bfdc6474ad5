/** A streamed response of the API server, line by line. */
import type { IncomingMessage } from 'node:http';

/**
 * Unlike node:readline, this ends when the connection is cut: the error is thrown. An unfinished last line is left out.
 * @param maxLength what a line has beyond so many characters is left out as well
 */
export async function* linesOf(response: IncomingMessage, maxLength: number): AsyncGenerator<string> {
  response.setEncoding('utf8');
  let rest = '';
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = chunk.split('\n');
    lines[0] = `${rest}${lines[0]}`;
    rest = (lines.pop() ?? '').slice(0, maxLength);
    for (const line of lines) yield line.slice(0, maxLength);
  }
}

/** The connection was refused, cut or aborted: nothing that another attempt cannot set right, or that matters any more. */
export function isConnectionError(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).code === 'string';
}
