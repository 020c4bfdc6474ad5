/**
 * Decides which sets of fixes to try next: the smallest first, each set once, then the clean ones again, until one is
 * proved or all have failed. Pure.
 */
import type { Fix } from '../manifests/overlays.ts';

/** What is known about one set of fixes. */
export interface Tried {
  set: readonly Fix[];
  /** Failed requests of each valid trial. */
  failed: readonly number[];
  /** Number of invalid trials. */
  invalid: number;
  /** Why the API server would refuse it. */
  refused?: string | undefined;
}

export type Step =
  | { kind: 'try'; trials: { set: readonly Fix[]; times: number }[] }
  | { kind: 'found'; set: readonly Fix[] }
  | { kind: 'none' }
  | { kind: 'invalid'; set: readonly Fix[] };

/** The search gives up after more than this many invalid trials of one set. */
export const MAX_INVALID = 5;

/**
 * @param repeats how many clean trials prove a set
 * @param maxFailed how many requests a clean trial may break
 */
export function nextStep(fixes: readonly Fix[], tried: readonly Tried[], repeats: number, maxFailed: number): Step {
  for (let size = 0; size <= fixes.length; size++) {
    const sets = subsets(fixes, size).map((set) => outcomeOf(set, tried));
    const proved = sets.find((outcome) => isOpen(outcome, maxFailed) && outcome.failed.length >= repeats);
    if (proved) return { kind: 'found', set: proved.set };
    const open = sets.filter((outcome) => isOpen(outcome, maxFailed));
    const hopeless = open.find((outcome) => outcome.invalid > MAX_INVALID);
    if (hopeless) return { kind: 'invalid', set: hopeless.set };
    const fresh = open.filter((outcome) => outcome.failed.length === 0);
    if (fresh.length > 0) return { kind: 'try', trials: fresh.map(({ set }) => ({ set, times: 1 })) };
    if (open.length > 0) {
      return { kind: 'try', trials: open.map(({ set, failed }) => ({ set, times: repeats - failed.length })) };
    }
  }
  return { kind: 'none' };
}

/** The name of a set. It does not depend on the order of the fixes. */
export function setName(set: readonly Fix[]): string {
  return [...set].sort().join('+');
}

/** All subsets of that size, in the order of the items. */
export function subsets<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, index) => subsets(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]));
}

function outcomeOf(set: readonly Fix[], tried: readonly Tried[]): Tried {
  return tried.find((outcome) => setName(outcome.set) === setName(set)) ?? { set, failed: [], invalid: 0 };
}

/** Nothing rules the set out so far. */
function isOpen({ failed, refused }: Tried, maxFailed: number): boolean {
  return refused === undefined && failed.every((count) => count <= maxFailed);
}
