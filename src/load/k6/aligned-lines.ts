/**
 * The output of k6 on another machine, held back until its clock is known. Pods answer with their time, and how far their
 * clocks are off from ours has been measured, so each answer bounds how far k6's is off.
 */
import { ClockOffset, type OffsetEstimate } from '../../trace/clock-offset.ts';
import { parseLine } from './request-line.ts';

/** So many answers bound the offset well: the fastest counts. */
const EXCHANGES = 50;
/** Where pods do not say their time, no answer bounds it, and the lines are not held back for longer than this. */
const HOLD_MS = 3000;

export interface AlignedLinesOptions {
  /** A pod's clock minus ours; undefined where it is not known. */
  podOffset(pod: string): OffsetEstimate | undefined;
  /** When k6 surely had not begun yet, epoch ms by our clock. */
  notBeforeMs: number;
  /** Our clock, epoch ms. */
  nowMs(): number;
  /** Takes the lines, once their times can be read. */
  read(line: string): void;
}

export class AlignedLines {
  /** k6's clock minus ours. Fixed once the first line is read: a clock that is set anew within a minute is a bad one. */
  #offsetMs: number | undefined;
  readonly #offset = new ClockOffset();
  readonly #options: AlignedLinesOptions;
  readonly #held: string[] = [];
  #heldSinceMs: number | undefined;

  constructor(options: AlignedLinesOptions) {
    this.#options = options;
  }

  /** How far the times read may be off, in ms. */
  get boundMs(): number {
    const { offsetMs, boundMs } = this.#offset.estimate ?? { offsetMs: 0, boundMs: 0 };
    // What has come in since may have moved the estimate, but not the offset that was used.
    return boundMs + Math.abs(offsetMs - (this.#offsetMs ?? offsetMs));
  }

  /** A time of k6's clock, epoch ms, by ours. */
  toOurs(epochMs: number): number {
    return epochMs - (this.#offsetMs ?? 0);
  }

  take(line: string): void {
    this.#learn(line);
    if (this.#offsetMs !== undefined) {
      this.#options.read(line);
      return;
    }
    this.#held.push(line);
    const nowMs = this.#options.nowMs();
    this.#heldSinceMs ??= nowMs;
    if (this.#offset.exchanges >= EXCHANGES || nowMs - this.#heldSinceMs > HOLD_MS) this.release();
  }

  /** Reads what is held back, with what is known of the clock. */
  release(): void {
    this.#offsetMs ??= this.#offset.estimate?.offsetMs ?? 0;
    for (const held of this.#held.splice(0)) this.#options.read(held);
  }

  #learn(text: string): void {
    const line = parseLine(text);
    if (line.kind !== 'request') return;
    const { startedAtMs, endedAtMs, serverTimeMs, pod } = line.request;
    // A line is printed after it ended and read after that; and before the Job was made there was none.
    this.#offset.addBounds(endedAtMs - this.#options.nowMs(), startedAtMs - this.#options.notBeforeMs);
    const known = pod === undefined ? undefined : this.#options.podOffset(pod);
    if (known === undefined || serverTimeMs === undefined) return;
    // When the pod wrote its time, our clock read this, give or take; and k6's lay between start and end.
    const oursMs = serverTimeMs - known.offsetMs;
    this.#offset.add(oursMs - known.boundMs, startedAtMs, oursMs + known.boundMs, endedAtMs);
  }
}
