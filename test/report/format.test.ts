import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { count, counted, percent, preciseSeconds, rate, seconds, shortSeconds } from '../../src/report/format.ts';

describe('numbers for people to read', () => {
  const table: [format: (value: number) => string, value: number, text: string][] = [
    [count, 0, '0'],
    [count, 999, '999'],
    [count, 12_345, '12,345'],
    [count, 1_234_567, '1,234,567'],
    [percent, 0, '0 %'],
    [percent, 1, '100 %'],
    [percent, 0.5, '50 %'],
    [percent, 0.00123, '0.12 %'],
    [percent, 0.0296, '3 %'],
    [percent, 0.00002995, '0.003 %'],
    [percent, 0.1249, '12 %'],
    [seconds, 0, '0.0 s'],
    [seconds, 49, '0.0 s'],
    [seconds, 1234, '1.2 s'],
    [seconds, 65_000, '65.0 s'],
    [preciseSeconds, 0, '0.00 s'],
    [preciseSeconds, 23.52880859375, '0.02 s'],
    [preciseSeconds, 12_345, '12.35 s'],
    [shortSeconds, 0, '0 s'],
    [shortSeconds, 0.004, 'less than 0.01 s'],
    [shortSeconds, 0.02352880859375, '0.02 s'],
    [shortSeconds, 1.5, '1.5 s'],
    [shortSeconds, 30, '30 s'],
    [rate, 0, '0.0'],
    [rate, 0.333, '0.3'],
    [rate, 99.94, '99.9'],
    [rate, 100, '100'],
    [rate, 12_345.6, '12,346'],
  ];
  for (const [format, value, text] of table) {
    test(`${format.name}(${value}) is ${text}`, () => assert.equal(format(value), text));
  }

  const things: [value: number, words: string[], text: string][] = [
    [0, ['pod'], '0 pods'],
    [1, ['pod'], '1 pod'],
    [2, ['pod'], '2 pods'],
    [12_345, ['request'], '12,345 requests'],
    [1, ['query', 'queries'], '1 query'],
    [3, ['query', 'queries'], '3 queries'],
  ];
  for (const [value, [word = '', plural], text] of things) {
    test(`${value} ${word}: ${text}`, () => assert.equal(counted(value, word, plural), text));
  }
});
