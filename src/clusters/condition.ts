/** Waiting for something that events bring about. */
import { after, type Timer } from '../timers.ts';

export interface Waiting {
  signal: AbortSignal;
  /** In how many ms the wait fails if nothing changes until then; asked again at every change. Infinity is never. */
  leftMs: () => number;
  /** The error when no time is left; what it says may have to be asked for first. */
  stuck: () => Error | Promise<Error>;
}

/** A deadline that no change moves, `ms` from now. */
export function within(ms: number): () => number {
  const endMs = performance.now() + ms;
  return () => endMs - performance.now();
}

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

  /** Resolves once the condition holds; rejects on abort (with its reason), after `fail`, and when no time is left. */
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
