import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { differenceInterval, meanInterval } from '../../src/analysis/mean-interval.ts';
import { holm, permutationTest, smallestProbability } from '../../src/analysis/permutation.ts';
import { seededRandom } from '../../src/random.ts';

const rounded = (values: readonly number[] | undefined) => values?.map((value) => Math.round(value * 1000) / 1000);

describe('the permutation test', () => {
  /** Counted by hand: how many of all assignments have a difference of means at least as large. */
  const table: [one: number[], other: number[], probability: number][] = [
    [[1], [2], 1],
    [[0, 0], [0, 0], 1],
    [[1, 2], [3, 4], 2 / 6],
    [[3, 4], [1, 2], 2 / 6],
    [[1, 3], [2, 4], 4 / 6],
    [[1, 2, 3], [4, 5, 6], 2 / 20],
    [[0, 0, 0], [0, 0, 9], 1],
    [[0.1, 0.2], [0.2, 0.1], 1],
    [[5], [1, 2, 3], 1 / 4],
    [[0, 0, 0, 0], [7, 8, 9, 10], 2 / 70],
  ];
  for (const [one, other, probability] of table) {
    test(`${one} against ${other}: ${probability.toFixed(3)}`, () => {
      assert.ok(Math.abs(permutationTest(one, other) - probability) < 1e-12);
    });
  }

  test('estimates the probability for many rollouts, repeatably and close to the exact one', () => {
    // 10 zeros and 10 ones: the probability of assigning 8 ones against 2 is hypergeometric.
    const [one, other] = [8, 2].map((ones) => Array.from({ length: 10 }, (_, i) => (i < ones ? 1 : 0)));
    const estimate = permutationTest(one as number[], other as number[]);
    assert.equal(permutationTest(one as number[], other as number[]), estimate);
    const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
    const exact = (2 * [8, 9, 10].reduce((s, k) => s + choose(10, k) * choose(10, 10 - k), 0)) / choose(20, 10);
    assert.ok(Math.abs(estimate - exact) < 0.006, `${estimate} ${exact}`);
  });

  test('reports a difference by chance as rarely as it claims, even if failures are clustered', () => {
    const random = seededRandom(7);
    // Most rollouts break nothing, some break many at once: counted by request, this would look like evidence.
    const rollouts = () => Array.from({ length: 5 }, () => (random.next() < 0.3 ? Math.floor(random.next() * 200) : 0));
    const runs = 1000;
    let found = 0;
    for (let i = 0; i < runs; i++) if (permutationTest(rollouts(), rollouts()) <= 0.05) found++;
    assert.ok(found / runs <= 0.065, `${found} of ${runs}`);
  });

  test('knows the smallest probability it can show', () => {
    assert.deepEqual(
      [smallestProbability(1, 1), smallestProbability(3, 3), smallestProbability(1, 3), smallestProbability(4, 4)],
      [1, 2 / 20, 1 / 4, 2 / 70],
    );
  });
});

describe('several tests at once', () => {
  const table: [probabilities: number[], adjusted: number[]][] = [
    [[], []],
    [[0.03], [0.03]],
    [
      [0.01, 0.04, 0.03],
      [0.03, 0.06, 0.06],
    ],
    [
      [0.5, 0.9],
      [1, 1],
    ],
    [
      [0.02, 0.001],
      [0.02, 0.002],
    ],
  ];
  for (const [probabilities, adjusted] of table) {
    test(`${probabilities} become ${adjusted}`, () => assert.deepEqual(rounded(holm(probabilities)), adjusted));
  }
});

describe('intervals', () => {
  // The quantiles, 4.303 (2 degrees of freedom) and 4.012 (2.16), are checked against the integral of the density.
  test('of the mean', () => assert.deepEqual(rounded(meanInterval([10, 12, 14])), [7.032, 16.968]));
  test('of the difference', () => {
    assert.deepEqual(rounded(differenceInterval([10, 12, 14], [20, 30, 40])), [-5.62, 41.62]);
  });
  for (const values of [[], [5], [3, 3, 3], [0, 0]]) {
    test(`of [${values}] cannot be computed`, () => assert.equal(meanInterval(values), undefined));
  }
  test('of a difference with one rollout on a side cannot be computed', () => {
    assert.equal(differenceInterval([1], [2, 3]), undefined);
  });
});
