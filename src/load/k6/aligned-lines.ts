/**
 * Holds back the output of a k6 on another machine until that machine's clock is known. Pods respond with their time,
 * and the offsets of their clocks from ours have been measured, so each response bounds the offset of k6's clock.
 */
import { ClockOffset, type OffsetEstimate } from '../../trace/clock-offset.ts';
import { parseLine } from './request-line.ts';

/** This many responses bound the offset well, because the fastest one counts. */
const EXCHANGES = 50;
/**
 * Lines are held back for at most this long: if pods do not report their time, only what `learn` says bounds the offset
 * well.
 */
const HOLD_MS = 3000;

export interface AlignedLinesOptions {
  /** A pod's clock minus ours; undefined if not known. Absent if the server does not report its time. */
  podOffset?: ((pod: string) => OffsetEstimate | undefined) | undefined;
  /** A time before k6 began, epoch ms by our clock. */
  notBeforeMs: number;
  /** Our clock, epoch ms. */
  nowMs(): number;
  /** Called with each line once its times can be converted. */
  read(line: string): void;
}

export class AlignedLines {
  /**
   * k6's clock minus ours. Fixed once the first line is read, because a trial is too short for its clock to drift much.
   */
  #offsetMs: number | undefined;
  readonly #offset = new ClockOffset();
  readonly #options: AlignedLinesOptions;
  readonly #held: string[] = [];
  #heldSinceMs: number | undefined;

  constructor(options: AlignedLinesOptions) {
    this.#options = options;
  }

  /** How far the converted times may be off, in ms. */
  get boundMs(): number {
    const { offsetMs, boundMs } = this.#offset.estimate ?? { offsetMs: 0, boundMs: 0 };
    // Later responses may have changed the estimate, but not the offset that is used.
    return boundMs + Math.abs(offsetMs - (this.#offsetMs ?? offsetMs));
  }

  /** Converts a time of k6's clock (epoch ms) to ours. */
  toOurs(epochMs: number): number {
    return epochMs - (this.#offsetMs ?? 0);
  }

  /** Adds what was measured elsewhere about k6's clock. */
  learn({ offsetMs, boundMs }: OffsetEstimate): void {
    this.#offset.addBounds(offsetMs - boundMs, offsetMs + boundMs);
  }

  take(line: string): void {
    this.#learnFrom(line);
    if (this.#offsetMs !== undefined) {
      this.#options.read(line);
      return;
    }
    this.#held.push(line);
    const nowMs = this.#options.nowMs();
    this.#heldSinceMs ??= nowMs;
    if (this.#offset.exchanges >= EXCHANGES || nowMs - this.#heldSinceMs > HOLD_MS) this.release();
  }

  /** Reads the lines that were held back, with what is known about the clock. */
  release(): void {
    this.#offsetMs ??= this.#offset.estimate?.offsetMs ?? 0;
    for (const held of this.#held.splice(0)) this.#options.read(held);
  }

  #learnFrom(text: string): void {
    const line = parseLine(text);
    if (line.kind !== 'request') return;
    const { startedAtMs, endedAtMs, serverTimeMs, pod } = line.request;
    // k6 prints a line after the request ended, and we read it later still. No request started before the Job was
    // created.
    this.#offset.addBounds(endedAtMs - this.#options.nowMs(), startedAtMs - this.#options.notBeforeMs);
    const known = pod === undefined ? undefined : this.#options.podOffset?.(pod);
    if (known === undefined || serverTimeMs === undefined) return;
    // When the pod wrote its time, our clock read this, within the bound, and k6's clock was between start and end.
    const oursMs = serverTimeMs - known.offsetMs;
    this.#offset.add(oursMs - known.boundMs, startedAtMs, oursMs + known.boundMs, endedAtMs);
  }
}
