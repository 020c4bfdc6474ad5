/**
 * Permutation test for a difference between two groups of rollouts (Fisher 1935, Pitman 1937): how often would a
 * difference of means at least as large appear if the rollouts were assigned to the groups at random? It assumes
 * nothing about the distribution of the counts. The failures of one rollout stay together, so clustered failures do not
 * pass for independent evidence.
 */
import { seededRandom } from '../random.ts';

/** Up to this many assignments, all are tried. */
const MAX_EXACT = 20_000;
const MAX_SAMPLES = 20_000;
const MIN_SAMPLES = 1000;
/** Comparisons of more than 1,000 rollouts draw fewer samples per cell, so that they still take seconds. */
const MAX_DRAWS = 2e7;
/** Sums of the same numbers in a different order may differ by rounding. */
const TOLERANCE = 1e-9;

/** How many random assignments each test draws in a comparison of that many rollouts. */
export function samplesFor(rollouts: number): number {
  return Math.min(MAX_SAMPLES, Math.max(MIN_SAMPLES, Math.floor(MAX_DRAWS / rollouts)));
}

/**
 * The two-sided probability: exact if there are few assignments, else estimated from `samples` random ones. The seed is
 * fixed, so the estimate is repeatable.
 */
export function permutationTest(one: readonly number[], other: readonly number[], samples = MAX_SAMPLES): number {
  const all = [...one, ...other];
  const total = sum(all);
  const difference = (sumOfOne: number) => Math.abs(sumOfOne / one.length - (total - sumOfOne) / other.length);
  const seen = difference(sum(one)) - TOLERANCE;
  if (ways(one.length, other.length) <= MAX_EXACT) {
    // Enumerate the smaller group. Each sum of the other group is the total minus one of these.
    const sums =
      one.length <= other.length
        ? subsetSums(all, one.length)
        : subsetSums(all, other.length).map((value) => total - value);
    return sums.filter((value) => difference(value) >= seen).length / sums.length;
  }
  const random = seededRandom(1);
  let asLarge = 1; // the observed assignment is one of them
  for (let i = 0; i < samples; i++) {
    if (difference(sum(random.shuffle(all).slice(0, one.length))) >= seen) asLarge++;
  }
  return asLarge / (samples + 1);
}

/** The smallest probability that groups of these sizes can show, for any values. */
export function smallestProbability(one: number, other: number): number {
  // With groups of equal size, the mirror image of the most extreme assignment is as extreme.
  return Math.min(1, (one === other ? 2 : 1) / ways(one, other));
}

/**
 * Adjusts the probabilities of several tests, so that a false positive among all of them is as rare as in a single test
 * (Holm 1979).
 */
export function holm(probabilities: readonly number[]): number[] {
  const order = probabilities.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  const adjusted = [...probabilities];
  let atLeast = 0;
  for (const [rank, { p, index }] of order.entries()) {
    atLeast = Math.max(atLeast, Math.min(1, p * (probabilities.length - rank)));
    adjusted[index] = atLeast;
  }
  return adjusted;
}

/** The number of ways to assign one + other rollouts to groups of these sizes. */
function ways(one: number, other: number): number {
  let product = 1;
  for (let i = 1; i <= one; i++) product *= (other + i) / i;
  return Math.round(product);
}

/** The sums of all subsets of this size. */
function subsetSums(values: readonly number[], size: number): number[] {
  let sums = [{ total: 0, next: 0 }];
  for (let taken = 0; taken < size; taken++) {
    sums = sums.flatMap(({ total, next }) =>
      values.slice(next, values.length - (size - taken) + 1).map((value, index) => ({
        total: total + value,
        next: next + index + 1,
      })),
    );
  }
  return sums.map(({ total }) => total);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
