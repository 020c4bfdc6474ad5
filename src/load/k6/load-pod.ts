/** One pod of the load's Job: what it printed, and how it ended. */
import type { V1Pod } from '@kubernetes/client-node';
import { failureOf } from '../../clusters/kubernetes/trouble.ts';
import { EnvironmentError } from '../../errors.ts';
import { loadExpired } from '../load.ts';
import { AlignedLines, type AlignedLinesOptions } from './aligned-lines.ts';
import { RAN_TO_ITS_END } from './k6-process.ts';

/** Lines of k6's own words kept to say why it ended. */
const LAST_WORDS = 10;

export interface LoadPodOptions extends Omit<AlignedLinesOptions, 'read'> {
  /** Takes a line of k6's output; false if it was not the script's. */
  read(line: string): boolean;
}

export class LoadPod {
  readonly lines: AlignedLines;
  /** As it was last seen. */
  pod: V1Pod | undefined;
  /** Requests it could not start in its first second, before there was anything to measure. */
  droppedAtStart = 0;
  /** Nothing more comes from it. */
  ended = false;
  /** Why nothing of its log came at the last attempt; undefined once something has. */
  logTrouble: string | undefined;
  readonly #lastWords: string[] = [];

  constructor({ read, ...options }: LoadPodOptions) {
    this.lines = new AlignedLines({ ...options, read: (line) => this.#read(line, read) });
  }

  get name(): string {
    return this.pod?.metadata?.name ?? '';
  }

  /**
   * Why it has ended although nobody stopped it; undefined while it runs.
   * @param maxDurationMs how long the load was to last at most
   */
  endError(maxDurationMs: number): Error | undefined {
    const { metadata, status } = this.pod ?? {};
    const { exitCode, reason } = status?.containerStatuses?.[0]?.state?.terminated ?? {};
    if (exitCode !== undefined) {
      if (RAN_TO_ITS_END.includes(exitCode)) return loadExpired(maxDurationMs);
      const why = reason === undefined || reason === 'Error' ? '' : `, ${reason}`;
      return new EnvironmentError(`k6 ended by itself (exit code ${exitCode}${why}): ${this.words}`);
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

  /** What k6 said last, its requests apart. */
  get words(): string {
    return this.#lastWords.join(' | ') || 'it said nothing';
  }

  #read(line: string, read: LoadPodOptions['read']): void {
    if (read(line) || line === '' || line === 'Request Failed') return;
    this.#lastWords.push(line);
    if (this.#lastWords.length > LAST_WORDS) this.#lastWords.shift();
  }
}
