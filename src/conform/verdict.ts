/** The verdict of a case. */

export type Verdict =
  | { status: 'pass' }
  | { status: 'fail'; expected: string; seen: string }
  | { status: 'not-applicable'; reason: string };

export const pass: Verdict = { status: 'pass' };

export function fail(expected: string, seen: string): Verdict {
  return { status: 'fail', expected, seen };
}

export function notApplicable(reason: string): Verdict {
  return { status: 'not-applicable', reason };
}

/** Thrown to end a case with a verdict from within a function that it calls. */
export class CaseEnded extends Error {
  readonly verdict: Verdict;
  constructor(verdict: Verdict) {
    super(verdict.status);
    this.verdict = verdict;
  }
}

/** Returns `value`; if it is unusable, ends the case as not applicable. */
export function required<T>(value: T | Unusable): T {
  if (value instanceof Unusable) throw new CaseEnded(notApplicable(value.reason));
  return value;
}

/** Stands for something that a server does not have. */
export class Unusable {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}
