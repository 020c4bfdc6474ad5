import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { upperBound } from '../../src/analysis/bounds.ts';

describe('the upper bound of a failure probability', () => {
  /** As published for the method of Clopper and Pearson, one-sided, 95 %. */
  const published: [failed: number, exposed: number, bound: number][] = [
    [0, 1, 0.95],
    [0, 10, 0.2589],
    [0, 100, 0.02951],
    [1, 100, 0.04656],
    [0, 1000, 0.002991],
  ];
  for (const [failed, exposed, bound] of published) {
    test(`${failed} of ${exposed}: ${bound}`, () => {
      assert.equal(Number(upperBound(failed, exposed).toPrecision(4)), bound);
    });
  }

  for (const [failed, exposed] of [
    [0, 16_782],
    [1, 2],
    [5, 50],
    [49, 50],
    [37, 400],
    [120, 100_000],
    [3, 1e6],
  ] as const) {
    for (const confidence of [0.95, 0.99]) {
      test(`${failed} of ${exposed} at ${confidence}: the rate at which so few failures become that unlikely`, () => {
        const bound = upperBound(failed, exposed, confidence);
        const exact = largestProbability(failed, exposed, confidence);
        assert.ok(Math.abs(bound / exact - 1) < 1e-6, `${bound}, not ${exact}`);
      });
    }
  }

  test('for 0 failures is about 3 / exposed (the rule of three)', () => {
    assert.ok(Math.abs(upperBound(0, 100_000) * 100_000 - 3) < 0.01);
  });

  test('is 1 if all failed or nothing was exposed', () => {
    assert.deepEqual([upperBound(0, 0), upperBound(7, 7), upperBound(7, 5)], [1, 1, 1]);
  });
});

/** The p at which at most `failed` of `exposed` fail with probability 1 - confidence: bisection of the binomial sum. */
function largestProbability(failed: number, exposed: number, confidence: number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (probabilityOfAtMost(failed, exposed, middle) > 1 - confidence) low = middle;
    else high = middle;
  }
  return low;
}

function probabilityOfAtMost(most: number, of: number, p: number): number {
  let sum = 0;
  let logChoose = 0;
  for (let k = 0; k <= most; k++) {
    sum += Math.exp(logChoose + k * Math.log(p) + (of - k) * Math.log1p(-p));
    logChoose += Math.log((of - k) / (k + 1));
  }
  return sum;
}
