/** Reads a process's output line by line, whatever it writes. */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** A longer line is cut into lines of this length. */
const MAX_LINE_LENGTH = 16 * 1024;

/** A process that prints without end waits, as it would for a slow container runtime, instead of taking all our time. */
const MAX_BYTES_PER_WINDOW = 256 * 1024;
const WINDOW_MS = 50;

/** Calls `onLine` for each line. Resolves at the end of the stream. */
export async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  let bytesInWindow = 0;
  stream.on('data', (chunk: Buffer) => {
    pending = takeLines(pending + decoder.write(chunk), onLine);
    bytesInWindow += chunk.length;
    if (bytesInWindow < MAX_BYTES_PER_WINDOW) return;
    bytesInWindow = 0;
    stream.pause();
    setTimeout(() => stream.resume(), WINDOW_MS);
  });
  await once(stream, 'close');
  pending += decoder.end();
  if (pending !== '') onLine(pending);
}

/** Returns what is left after the last whole line. */
function takeLines(text: string, onLine: (line: string) => void): string {
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
  if (rest.length <= MAX_LINE_LENGTH) return rest;
  onLine(rest.slice(0, MAX_LINE_LENGTH));
  return rest.slice(MAX_LINE_LENGTH);
}
