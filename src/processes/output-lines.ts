/** Reads a process's output line by line, whatever it writes, in bounded memory and with a bounded share of the time. */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { after } from '../timers.ts';
import { LineSplitter } from './line-splitter.ts';

/**
 * A process that prints without end waits, as it would for a slow container runtime, instead of taking all our time: 5 MB
 * a second are read of each stream, and less of many short lines, with which most of the time goes.
 */
const MAX_BYTES_PER_WINDOW = 256 * 1024;
const MAX_MS_PER_WINDOW = 10;
const WINDOW_MS = 50;

/** Calls `onLine` for each line; the rest of a long one is dropped. Resolves at the end of the stream. */
export async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  const lines = new LineSplitter(onLine);
  await readSlowly(stream, (chunk) => lines.push(chunk));
  lines.end();
}

/** Reads what nobody wants to know, so that the process can go on. Resolves at the end of the stream. */
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
