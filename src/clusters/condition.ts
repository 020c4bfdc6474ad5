/** Waiting for something that events bring about. */

export interface Waiting {
  signal: AbortSignal;
  /** Infinity where there is none. */
  deadlineMs: number;
  /** The error when the deadline has passed; what it says may have to be asked for first. */
  stuck: () => Error | Promise<Error>;
}

/** A timer for longer than this would end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A state that changes; whoever changes it calls `wake`, and waits end when their condition holds. */
export class Conditions {
  #failure: Error | undefined;
  readonly #checks = new Set<() => void>();

  /** Something has changed. */
  wake(): void {
    for (const check of [...this.#checks]) check();
  }

  /** Nothing will come to a good end any more: ends every wait, those still to come as well. The first error stays. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.wake();
  }

  /** Resolves once the condition holds; rejects on abort (with its reason), after `fail`, and at the deadline. */
  async until(condition: () => boolean, { signal, deadlineMs, stuck }: Waiting): Promise<void> {
    const expired = AbortSignal.timeout(Math.min(deadlineMs, LONGEST_TIMER_MS));
    await new Promise<void>((resolve, reject) => {
      const settle = (end: () => void) => {
        this.#checks.delete(check);
        signal.removeEventListener('abort', check);
        expired.removeEventListener('abort', check);
        end();
      };
      const check = () => {
        if (signal.aborted) settle(() => reject(signal.reason));
        else if (this.#failure) settle(() => reject(this.#failure));
        else if (condition()) settle(resolve);
        else if (expired.aborted) settle(() => void Promise.resolve(stuck()).then(reject, reject));
      };
      this.#checks.add(check);
      signal.addEventListener('abort', check);
      expired.addEventListener('abort', check);
      check();
    });
  }
}
