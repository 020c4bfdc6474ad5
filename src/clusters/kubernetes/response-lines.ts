/** The lines of a response as they come. */
import type { IncomingMessage } from 'node:http';
import { AnswerError } from './answer.ts';

/**
 * Unlike node:readline, this ends when the connection is cut. An unfinished last line is left out: it comes again.
 * @param longest the most characters that a line may have
 * @throws AnswerError for a longer one
 */
export async function* linesOf(response: IncomingMessage, longest: number): AsyncGenerator<string> {
  response.setEncoding('utf8');
  let pieces: string[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<string>) {
    const [first = '', ...more] = chunk.split('\n');
    pieces.push(first);
    length += first.length;
    if (length > longest) throw new AnswerError(`with a line of more than ${longest} characters`);
    for (const line of more) {
      yield pieces.join('');
      pieces = [line];
      length = line.length;
    }
  }
}
