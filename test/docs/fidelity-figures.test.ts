/** How docs/fidelity.md compares two figures. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withinFactor } from '../../tools/pages/fidelity-figures.ts';

const CASES: [a: number, b: number, expected: boolean][] = [
  [3, 6, true],
  [(1 + 4 / 3) / 2, 7 / 3, true], // exactly 2, but for the rounding of thirds
  [3, 6.1, false],
  [6.1, 3, false],
  [0, 0, true],
  [0, 0.1, false],
];

for (const [a, b, expected] of CASES) {
  test(`${a} and ${b} are ${expected ? '' : 'not '}within a factor of two`, () => {
    assert.equal(withinFactor(a, b, 2), expected);
  });
}
