import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nanoUnits } from '../../src/kubernetes-rules/quantity.ts';

describe('a quantity in billionths', () => {
  const table: [quantity: string | number, nano: bigint | undefined][] = [
    ['1', 1_000_000_000n],
    [2, 2_000_000_000n],
    [0.5, 500_000_000n],
    ['500m', 500_000_000n],
    ['1.5', 1_500_000_000n],
    ['.5', 500_000_000n],
    ['5.', 5_000_000_000n],
    ['100u', 100_000n],
    ['3n', 3n],
    ['0.1n', 1n],
    ['1k', 1_000_000_000_000n],
    ['1Ki', 1_024_000_000_000n],
    ['1.5Gi', 1_610_612_736_000_000_000n],
    ['2E', 2_000_000_000_000_000_000_000_000_000n],
    ['1e3', 1_000_000_000_000n],
    ['1E-3', 1_000_000n],
    ['-1', -1_000_000_000n],
    ['+1', 1_000_000_000n],
    ['', undefined],
    ['.', undefined],
    ['1 Gi', undefined],
    ['1KB', undefined],
    ['ten', undefined],
  ];
  for (const [quantity, nano] of table) {
    test(`${JSON.stringify(quantity)} is ${nano}`, () => assert.equal(nanoUnits(quantity), nano));
  }
});
