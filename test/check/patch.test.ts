import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mergePatches } from '../../src/check/patch.ts';

describe('merging patches', () => {
  const table: [what: string, patches: unknown[], merged: unknown][] = [
    ['none', [], undefined],
    ['one', [{ a: 1 }], { a: 1 }],
    ['fields of both', [{ a: { b: 1 } }, { a: { c: 2 } }], { a: { b: 1, c: 2 } }],
    ['the last value wins', [{ a: 1 }, { a: 2 }], { a: 2 }],
    ['null removes a field', [{ a: { b: 1 } }, { a: { c: null } }], { a: { b: 1, c: null } }],
    [
      'items by name',
      [{ l: [{ name: 'x', a: 1 }, { name: 'y' }] }, { l: [{ name: 'y', b: 2 }, { name: 'z' }] }],
      { l: [{ name: 'x', a: 1 }, { name: 'y', b: 2 }, { name: 'z' }] },
    ],
    ['lists without names', [{ l: [1] }, { l: [2] }], { l: [2] }],
  ];
  for (const [what, patches, merged] of table) test(what, () => assert.deepEqual(mergePatches(patches), merged));

  test('of thousands of containers', () => {
    const patches = Array.from({ length: 20_000 }, (_, index) => ({ containers: [{ name: `c${index}`, a: 1 }] }));
    assert.equal((mergePatches(patches) as { containers: unknown[] }).containers.length, 20_000);
  });
});
