/** When the next trial may begin beside those that run. */
import { after, type Timer } from '../timers.ts';

/** What decides whether there is room for another trial. */
export interface PaceRule {
  /** Whether another trial may begin beside so many. Never asked when none runs: there is always room for one. */
  hasRoom(running: number): boolean;
  /** How soon to ask again when nothing has ended, in ms; Infinity when only an end can make room. */
  readonly askAgainMs: number;
  onBegin?(running: number): void;
  /** @param valid false when the trial's result cannot be trusted */
  onEnd?(running: number, valid: boolean): void;
}

/** A fixed number of trials at a time. */
export function atMost(trials: number): PaceRule {
  return { hasRoom: (running) => running < trials, askAgainMs: Number.POSITIVE_INFINITY };
}

/** Counts the trials that run. */
export class Pace {
  readonly #rule: PaceRule;
  #running = 0;
  /** Asks the rule again, for the caller that waits. */
  #ask = () => {};

  constructor(rule: PaceRule) {
    this.#rule = rule;
  }

  /**
   * Waits until another trial may begin, and counts it. Only one caller may wait at a time.
   * @returns what to call when the trial has ended, with whether its result is valid
   * @throws the signal's reason when aborted
   */
  async begin(signal: AbortSignal): Promise<(valid: boolean) => void> {
    await this.#room(signal);
    this.#running++;
    this.#rule.onBegin?.(this.#running);
    return (valid) => {
      this.#running--;
      this.#rule.onEnd?.(this.#running, valid);
      this.#ask();
    };
  }

  #room(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      const settle = (end: () => void) => {
        signal.removeEventListener('abort', ask);
        this.#ask = () => {};
        end();
      };
      const ask = () => {
        timer?.cancel();
        if (signal.aborted) settle(() => reject(signal.reason));
        else if (this.#running === 0 || this.#rule.hasRoom(this.#running)) settle(resolve);
        else timer = after(this.#rule.askAgainMs, ask);
      };
      this.#ask = ask;
      signal.addEventListener('abort', ask);
      ask();
    });
  }
}
