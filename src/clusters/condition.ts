/** Waits for conditions that events bring about. */
import { after, type Timer } from '../timers.ts';

export interface Waiting {
  signal: AbortSignal;
  /** How long until the wait fails if nothing changes, in ms; evaluated again at every change. Infinity: never. */
  leftMs: () => number;
  /** Creates the error if time runs out; asynchronous, because its details may have to be queried. */
  stuck: () => Error | Promise<Error>;
}

/** A fixed deadline, `ms` from now, that changes do not extend. */
export function within(ms: number): () => number {
  const endMs = performance.now() + ms;
  return () => endMs - performance.now();
}

/**
 * Conditions over a state that changes. Whoever changes the state calls `wake`; waits end when their condition holds.
 */
export class Conditions {
  #failure: Error | undefined;
  readonly #checks = new Set<() => void>();

  /** Checks all conditions again. Call after every change. */
  wake(): void {
    for (const check of [...this.#checks]) check();
  }

  /** Fails every current and future wait, because no condition can be met any more. Keeps the first error. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.wake();
  }

  /**
   * Resolves once the condition holds. Rejects on abort (with the signal's reason), after `fail`, and when time runs
   * out.
   */
  async until(condition: () => boolean, { signal, leftMs, stuck }: Waiting): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      let timer: Timer | undefined;
      const settle = (end: () => void) => {
        this.#checks.delete(check);
        signal.removeEventListener('abort', check);
        end();
      };
      const check = () => {
        timer?.cancel();
        if (signal.aborted) settle(() => reject(signal.reason));
        else if (this.#failure) settle(() => reject(this.#failure));
        else if (condition()) settle(resolve);
        else {
          const left = leftMs();
          if (left > 0) timer = after(left, check);
          else settle(() => void Promise.resolve(stuck()).then(reject, reject));
        }
      };
      this.#checks.add(check);
      signal.addEventListener('abort', check);
      check();
    });
  }
}
