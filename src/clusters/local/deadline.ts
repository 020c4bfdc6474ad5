import { after } from '../../timers.ts';

/**
 * Runs work with a signal that is aborted after `ms` or together with `parent`. It does not use AbortSignal.any() with
 * AbortSignal.timeout(), because the timeout is only weakly referenced: on Node 20 the garbage collector removes it and
 * it never fires.
 */
export async function withDeadline<T>(
  ms: number,
  parent: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort(parent.reason);
  const timer = after(ms, () => controller.abort(new DOMException('time is up', 'TimeoutError')));
  parent.addEventListener('abort', abort, { once: true });
  if (parent.aborted) abort();
  try {
    return await work(controller.signal);
  } finally {
    timer.cancel();
    parent.removeEventListener('abort', abort);
  }
}
