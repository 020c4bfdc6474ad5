/** What a conformance case is. */
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
  /** Stable; new cases get new numbers. */
  number: number;
  /** Stable. */
  id: string;
  family: Family;
  title: string;
  /** What a server that fails it does to its users, in a sentence or two. */
  why: string;
  /** What happens when; with which margins. T is the moment of SIGTERM, or of the stop signal in its place. */
  timing: string;
  /** The cause of broken requests that a server failing it adds to (src/analysis/causes.ts). */
  cause?: CauseId;
  /** Where users met it. */
  link?: string;
  run(context: CaseContext): Promise<Verdict>;
}

/** A case's text, where another signal is sent in the place of SIGTERM. */
export function withSignal(text: string, stopSignal: NodeJS.Signals): string {
  return text.replaceAll('SIGTERM', stopSignal);
}
