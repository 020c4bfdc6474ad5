/** One pod of the load's Job: its output, and how it ended. */
import type { V1Pod } from '@kubernetes/client-node';
import { failureOf } from '../../clusters/kubernetes/trouble.ts';
import { EnvironmentError } from '../../errors.ts';
import { loadExpired } from '../load.ts';
import { AlignedLines, type AlignedLinesOptions } from './aligned-lines.ts';
import { RAN_TO_ITS_END } from './k6-process.ts';

/** How many lines of k6's own output are kept to show why it ended. */
const KEPT_LINES = 10;

export interface LoadPodOptions extends Omit<AlignedLinesOptions, 'read'> {
  /** Takes a line of k6's output; returns false if it was not the script's. */
  read(line: string): boolean;
}

export class LoadPod {
  readonly lines: AlignedLines;
  /** Its last known state. */
  pod: V1Pod | undefined;
  /** Requests that it could not start in its first second, before the measurement began. */
  droppedAtStart = 0;
  /** Its clock is being measured, or was. */
  clockAsked = false;
  /** No more output comes from it. */
  ended = false;
  /** Why the last attempt to read its log returned nothing; undefined after a successful one. */
  logTrouble: string | undefined;
  readonly #lastLines: string[] = [];

  constructor({ read, ...options }: LoadPodOptions) {
    this.lines = new AlignedLines({ ...options, read: (line) => this.#read(line, read) });
  }

  get name(): string {
    return this.pod?.metadata?.name ?? '';
  }

  /**
   * Why it has ended although nobody stopped it; undefined while it runs.
   * @param maxDurationMs the longest duration of the load
   */
  endError(maxDurationMs: number): Error | undefined {
    const { metadata, status } = this.pod ?? {};
    const { exitCode, reason } = status?.containerStatuses?.[0]?.state?.terminated ?? {};
    if (exitCode !== undefined) {
      if (RAN_TO_ITS_END.includes(exitCode)) return loadExpired(maxDurationMs);
      const why = reason === undefined || reason === 'Error' ? '' : `, ${reason}`;
      return new EnvironmentError(`k6 exited unexpectedly (exit code ${exitCode}${why}): ${this.lastOutput}`);
    }
    if (this.pod && status?.phase === 'Failed') {
      return new EnvironmentError(`the load pod ${this.name} (${status.reason ?? 'Failed'}): ${failureOf(this.pod)}`);
    }
    if (metadata?.deletionTimestamp) return this.deleted();
    return undefined;
  }

  deleted(): Error {
    return new EnvironmentError(`the load pod ${this.name} was deleted while it made requests`);
  }

  /** The last lines of k6 itself, without those of the script. */
  get lastOutput(): string {
    return this.#lastLines.join(' | ') || 'it printed nothing';
  }

  #read(line: string, read: LoadPodOptions['read']): void {
    if (read(line) || line === '' || line === 'Request Failed') return;
    this.#lastLines.push(line);
    if (this.#lastLines.length > KEPT_LINES) this.#lastLines.shift();
  }
}
