/** The verdict of a case. */

export type Verdict =
  /** `seen` is a figure worth knowing. */
  | { status: 'pass'; seen?: string }
  /** Right by itself, but it loses requests in some surroundings, which `advice` names. It is not a failure. */
  | { status: 'warning'; seen: string; advice: string }
  | { status: 'fail'; expected: string; seen: string }
  | { status: 'not-applicable'; reason: string };

export const pass: Verdict = { status: 'pass' };

export function passSeeing(seen: string): Verdict {
  return { status: 'pass', seen };
}

export function warning(seen: string, advice: string): Verdict {
  return { status: 'warning', seen, advice };
}

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
