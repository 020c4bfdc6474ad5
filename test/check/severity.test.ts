/** The promise of a severity: an error breaks requests or hangs the rollout whatever the app does, and can show why. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RULES } from '../../src/check/registry.ts';

describe('a rule that is an error names a measurement or a source:', () => {
  for (const { id, measured, documented } of RULES.filter(({ severity }) => severity === 'error')) {
    test(id, () => assert.ok((measured ?? documented ?? '').length > 20));
  }
});

test('what depends on the app is not an error', () => {
  const dependsOnApp = ['no-prestop', 'prestop-too-short', 'no-readiness-probe', 'prestop-exec-needs-missing-binary'];
  for (const id of dependsOnApp) assert.equal(RULES.find((rule) => rule.id === id)?.severity, 'warning', id);
});
