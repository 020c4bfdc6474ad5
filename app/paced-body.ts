/** A response body sent piece by piece over time. */
import { sleep } from './sleep.ts';

export interface PacedBodyOptions {
  /** How many pieces; Infinity for no end. */
  count: number;
  /** Time between two pieces, in ms. The first goes out at once. */
  intervalMs: number;
  piece(index: number): string;
  /** Told when sending begins, with a way to end it early; what it returns is called once when sending is over. */
  begin(end: () => void): () => void;
}

export function pacedBody({ count, intervalMs, piece, begin }: PacedBodyOptions): ReadableStream {
  const encoder = new TextEncoder();
  const ended = new AbortController();
  let index = 0;
  let finish: (() => void) | undefined;
  const end = () => {
    ended.abort();
    finish?.();
  };
  let cancelled = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        finish ??= begin(() => ended.abort());
        if (index > 0) await sleep(intervalMs, ended.signal);
        if (!ended.signal.aborted && index < count) controller.enqueue(encoder.encode(piece(index++)));
        if (!ended.signal.aborted && index < count) return;
        end();
        if (!cancelled) controller.close();
      },
      // The client is gone.
      cancel() {
        cancelled = true;
        end();
      },
    },
    // Nothing is produced, and nothing counted, before the runtime reads: the body of a HEAD is never read.
    { highWaterMark: 0 },
  );
}
