/** The form of a conformance case. */
import type { CauseId } from '../analysis/causes.ts';
import type { CaseContext } from './context.ts';
import type { Verdict } from './verdict.ts';

export const FAMILIES = {
  exit: 'The process and its exit',
  work: 'Requests in flight',
  arriving: 'Requests that are arriving',
  'keep-alive': 'Keep-alive connections',
  drain: 'The drain',
  sessions: 'WebSockets and event streams',
  trouble: 'When something goes wrong',
} as const;

export type Family = keyof typeof FAMILIES;

export interface ConformanceCase {
  /** Never changes; new cases get new numbers. */
  number: number;
  /** Never changes. */
  id: string;
  family: Family;
  title: string;
  /** What a server that fails the case does to its users, in a sentence or two. */
  why: string;
  /** It only waits, so it starts with the first cases and runs beside them. */
  runsBeside?: boolean;
  /** The sequence of events and its margins. T is the time of SIGTERM, or of the stop signal used instead. */
  timing: string;
  /** The cause of broken requests to which a server that fails the case contributes (src/analysis/causes.ts). */
  cause?: CauseId;
  /** A public report of the problem. */
  link?: string;
  run(context: CaseContext): Promise<Verdict>;
}

/** A case's text with the stop signal that is used instead of SIGTERM. */
export function withSignal(text: string, stopSignal: NodeJS.Signals): string {
  return text.replaceAll('SIGTERM', stopSignal);
}
