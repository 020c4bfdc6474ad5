import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandReferences } from '../../src/kubernetes-rules/expansion.ts';

const CASES: [word: string, expanded: string][] = [
  ['$(PORT)', '8080'],
  ['--listen=$(HOST):$(PORT)', '--listen=h:8080'],
  ['$(NOBODY)', '$(NOBODY)'],
  ['$$(PORT)', '$(PORT)'],
  ['$$$(PORT)', '$8080'],
  ['$PORT', '$PORT'],
  ['$(PORT', '$(PORT'],
  ['cost: 5$', 'cost: 5$'],
  ['', ''],
  ['$(constructor) $(__proto__)', '$(constructor) $(__proto__)'],
];

for (const [word, expanded] of CASES) {
  test(`"${word}" becomes "${expanded}"`, () => {
    assert.equal(expandReferences(word, { PORT: '8080', HOST: 'h' }), expanded);
  });
}
