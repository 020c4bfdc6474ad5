/** A response body that is sent in pieces over time. */
import { sleep } from './sleep.ts';

export interface PacedBodyOptions {
  /** How many pieces. Infinity for an endless body. */
  count: number;
  /** Time between two pieces, in ms. The first is sent at once. */
  intervalMs: number;
  piece(index: number): string;
  /**
   * Called when sending begins, with a function that ends it early. The function it returns is called once at the end.
   */
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
      // The client has disconnected.
      cancel() {
        cancelled = true;
        end();
      },
    },
    // Nothing is produced or counted until the runtime reads: it never reads the body of a HEAD response.
    { highWaterMark: 0 },
  );
}
