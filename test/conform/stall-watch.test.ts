import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { StallWatch } from '../../src/conform/stall-watch.ts';

test('a stall affects what ran during it, and nothing later', async (t) => {
  const watch = new StallWatch();
  t.after(() => watch.stop());
  await delay(50);
  const beforeMs = performance.now();
  while (performance.now() - beforeMs < 400);
  await delay(50);
  const stallMs = watch.longestSince(beforeMs);
  assert.ok(stallMs > 300, `${stallMs} ms`);
  await delay(50);
  assert.ok(watch.longestSince(performance.now()) < 300);
});
