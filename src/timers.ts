/**
 * Timers for times from a manifest or a flag. Node's timers count milliseconds in 32 bits and fire at once if the time
 * is longer (24.8 days), while Kubernetes counts seconds in 32 and 64 bits. These timers wait for the whole time. `npm
 * run lint` refuses Node's timers elsewhere in src, unless their time is a constant.
 */

/** The longest time of one of Node's timers, in ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Timer {
  /** Stops the timer. Has no effect if it has fired. */
  cancel(): void;
}

/**
 * Calls back once, after `ms`; never for Infinity.
 * @throws RangeError if `ms` is NaN
 */
export function after(ms: number, callback: () => void): Timer {
  assertTime(ms);
  let timer: NodeJS.Timeout;
  const arm = (leftMs: number) => {
    const partMs = Math.min(leftMs, LONGEST_TIMER_MS);
    timer = setTimeout(leftMs === partMs ? callback : () => arm(leftMs - partMs), Math.max(0, partMs));
  };
  arm(ms);
  return { cancel: () => clearTimeout(timer) };
}

/** Calls back every `ms`, the first time after `ms`. */
export function every(ms: number, callback: () => void): Timer {
  if (ms <= LONGEST_TIMER_MS) {
    const timer = setInterval(callback, ms);
    return { cancel: () => clearInterval(timer) };
  }
  let timer: Timer;
  const arm = () => {
    timer = after(ms, () => {
      arm();
      callback();
    });
  };
  arm();
  return { cancel: () => timer.cancel() };
}

/** Like setTimeout of node:timers/promises: resolves with `value` after `ms`, rejects with an AbortError if aborted. */
export async function delay<T = void>(ms: number, value?: T, options: { signal?: AbortSignal } = {}): Promise<T> {
  const { signal } = options;
  return new Promise<T>((resolve, reject) => {
    const abort = () => {
      timer.cancel();
      const error = new Error('the wait was aborted', { cause: signal?.reason });
      reject(Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' }));
    };
    const timer = after(ms, () => {
      signal?.removeEventListener('abort', abort);
      resolve(value as T);
    });
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
  });
}

/** Waits until a promise settles, but at most `ms`. Rejects if it does. */
export async function waitAtMost(ms: number, promise: Promise<unknown> | undefined): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<void>((resolve) => {
    timer = after(ms, resolve);
  });
  await Promise.race([promise, late]).finally(() => timer?.cancel());
}

function assertTime(ms: number): void {
  if (Number.isNaN(ms)) throw new RangeError('a timer needs a time');
}
