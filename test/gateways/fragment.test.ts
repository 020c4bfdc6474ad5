import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { withFragment } from '../../src/gateways/fragment.ts';

const CONFIGURATION = { name: 'pods', limits: { idle: 60, connect: 2 }, servers: [{ url: 'http://10.0.0.7' }] };

describe("the user's own settings", () => {
  test('mappings merge, and everything else is replaced', () => {
    const merged = withFragment(CONFIGURATION, 'limits: { idle: 5, max: 1 }\nservers: []\nretries: 3\n');
    assert.deepEqual(merged, { name: 'pods', limits: { idle: 5, connect: 2, max: 1 }, servers: [], retries: 3 });
  });

  test('without them, the configuration stays as it is', () => {
    assert.equal(withFragment(CONFIGURATION, undefined), CONFIGURATION);
  });

  test('text that is not a mapping is refused', () => {
    for (const text of ['', '- a\n', 'limits: [1', 'text']) {
      assert.throws(() => withFragment(CONFIGURATION, text), InputError, text);
    }
  });
});
