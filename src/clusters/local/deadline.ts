import { after } from '../../timers.ts';

/**
 * Runs work with a signal that is aborted after `ms`, or with `parent`. AbortSignal.any() holds an AbortSignal.timeout() only
 * weakly: on Node 20 the timeout is gone after the next garbage collection, and never fires.
 */
export async function withDeadline<T>(
  ms: number,
  parent: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort(parent.reason);
  const timer = after(ms, () => controller.abort(new DOMException('the time is over', 'TimeoutError')));
  parent.addEventListener('abort', abort, { once: true });
  if (parent.aborted) abort();
  try {
    return await work(controller.signal);
  } finally {
    timer.cancel();
    parent.removeEventListener('abort', abort);
  }
}
