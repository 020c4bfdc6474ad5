/**
 * Whether two groups of rollouts differ (Fisher 1935, Pitman 1937): how often would a difference of means as large as the
 * one seen come out if the rollouts were dealt to the groups at random. It asks nothing of the counts' distribution, and
 * what breaks together in one rollout stays together, so that clusters do not pass for evidence.
 */
import { seededRandom } from '../random.ts';

/** Up to this many ways of dealing, each is tried. */
const MAX_EXACT = 20_000;
const SAMPLES = 20_000;
/** Sums of the same numbers in another order differ by rounding. */
const TOLERANCE = 1e-9;

/** The two-sided probability; exact where there are few ways of dealing, else from 20,000 of them, the same each time. */
export function permutationTest(one: readonly number[], other: readonly number[]): number {
  const all = [...one, ...other];
  const total = sum(all);
  const difference = (sumOfOne: number) => Math.abs(sumOfOne / one.length - (total - sumOfOne) / other.length);
  const seen = difference(sum(one)) - TOLERANCE;
  if (ways(one.length, other.length) <= MAX_EXACT) {
    const sums = subsetSums(all, one.length);
    return sums.filter((value) => difference(value) >= seen).length / sums.length;
  }
  const random = seededRandom(1);
  let asLarge = 1; // what was seen is one of the ways
  for (let i = 0; i < SAMPLES; i++) {
    if (difference(sum(random.shuffle(all).slice(0, one.length))) >= seen) asLarge++;
  }
  return asLarge / (SAMPLES + 1);
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
  if (size === 0) return [0];
  if (size > values.length) return [];
  const [first = 0, ...rest] = values;
  return [...subsetSums(rest, size - 1).map((value) => value + first), ...subsetSums(rest, size)];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
