/**
 * Whether two groups of rollouts differ (Fisher 1935, Pitman 1937): how often would a difference of means as large as the
 * one seen come out if the rollouts were dealt to the groups at random. It asks nothing of the counts' distribution, and
 * what breaks together in one rollout stays together, so that clusters do not pass for evidence.
 */
import { seededRandom } from '../random.ts';

/** Up to this many ways of dealing, each is tried. */
const MAX_EXACT = 20_000;
const MAX_SAMPLES = 20_000;
const MIN_SAMPLES = 1000;
/** A comparison of more rollouts than 1,000 draws fewer samples of each cell, so that it takes seconds all the same. */
const MAX_DRAWS = 2e7;
/** Sums of the same numbers in another order differ by rounding. */
const TOLERANCE = 1e-9;

/** How many ways of dealing are drawn in each test of a comparison of so many rollouts. */
export function samplesFor(rollouts: number): number {
  return Math.min(MAX_SAMPLES, Math.max(MIN_SAMPLES, Math.floor(MAX_DRAWS / rollouts)));
}

/** The two-sided probability; exact where there are few ways of dealing, else from `samples` of them, the same each time. */
export function permutationTest(one: readonly number[], other: readonly number[], samples = MAX_SAMPLES): number {
  const all = [...one, ...other];
  const total = sum(all);
  const difference = (sumOfOne: number) => Math.abs(sumOfOne / one.length - (total - sumOfOne) / other.length);
  const seen = difference(sum(one)) - TOLERANCE;
  if (ways(one.length, other.length) <= MAX_EXACT) {
    // The other group's sums are those of what is left, and a small group has few.
    const sums =
      one.length <= other.length
        ? subsetSums(all, one.length)
        : subsetSums(all, other.length).map((value) => total - value);
    return sums.filter((value) => difference(value) >= seen).length / sums.length;
  }
  const random = seededRandom(1);
  let asLarge = 1; // what was seen is one of the ways
  for (let i = 0; i < samples; i++) {
    if (difference(sum(random.shuffle(all).slice(0, one.length))) >= seen) asLarge++;
  }
  return asLarge / (samples + 1);
}

/** The smallest probability that groups of these sizes can show, whatever their values. */
export function smallestProbability(one: number, other: number): number {
  // With groups of one size the mirror image of the most extreme way is as extreme.
  return Math.min(1, (one === other ? 2 : 1) / ways(one, other));
}

/** Probabilities of several tests, adjusted so that one falsely small among them all is as rare as in one test (Holm 1979). */
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

/** In how many ways one + other rollouts can be dealt to groups of these sizes. */
function ways(one: number, other: number): number {
  let product = 1;
  for (let i = 1; i <= one; i++) product *= (other + i) / i;
  return Math.round(product);
}

/** The sum of every subset of this size. */
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
