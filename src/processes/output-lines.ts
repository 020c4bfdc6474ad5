/** Reads the output of a process line by line, with limits on memory and on processor time, whatever it prints. */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { after } from '../timers.ts';
import { LineSplitter } from './line-splitter.ts';

/**
 * A process that prints endlessly has to wait, as it would for a slow container runtime, and does not take all of this
 * program's time. Each stream is read at 5 MB/s at most; many short lines take more time per byte and are read more
 * slowly.
 */
const MAX_BYTES_PER_WINDOW = 256 * 1024;
const MAX_MS_PER_WINDOW = 10;
const WINDOW_MS = 50;

/** Calls `onLine` for each line, cut if it is too long. Resolves at the end of the stream. */
export async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  const lines = new LineSplitter(onLine);
  await readSlowly(stream, (chunk) => lines.push(chunk));
  lines.end();
}

/** Reads and drops output so that the process does not block on a full pipe. Resolves at the end of the stream. */
export async function discard(stream: Readable): Promise<void> {
  await readSlowly(stream, () => {});
}

async function readSlowly(stream: Readable, onChunk: (chunk: Buffer) => void): Promise<void> {
  let bytes = 0;
  let spentMs = 0;
  stream.on('data', (chunk: Buffer) => {
    const startedMs = performance.now();
    onChunk(chunk);
    spentMs += performance.now() - startedMs;
    bytes += chunk.length;
    if (bytes < MAX_BYTES_PER_WINDOW && spentMs < MAX_MS_PER_WINDOW) return;
    stream.pause();
    after(WINDOW_MS * Math.max(1, spentMs / MAX_MS_PER_WINDOW), () => stream.resume());
    bytes = 0;
    spentMs = 0;
  });
  await once(stream, 'close');
}
