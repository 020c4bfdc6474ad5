import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IterationLedger } from '../../src/load/k6/iteration-ledger.ts';

const NEVER_MS = 60_000;

test('settles when every iteration that started before the fence has ended', async () => {
  const ledger = new IterationLedger();
  for (const iteration of [0, 1, 3]) ledger.ended(iteration, false);
  let settled = false;
  const wait = ledger.settled(NEVER_MS).then(() => {
    settled = true;
  });
  const isSettled = async () => {
    await new Promise(setImmediate);
    return settled;
  };
  ledger.ended(6, true);
  assert.equal(await isSettled(), false, '2, 4 and 5 are in flight');
  assert.equal(ledger.open, 3);
  ledger.ended(4, false);
  ledger.ended(5, true);
  assert.equal(await isSettled(), false, '2 is in flight');
  ledger.ended(2, false);
  assert.equal(await isSettled(), true, 'all below 5, the first after the fence, have ended');
  assert.equal(ledger.started, 7);
  assert.equal(ledger.open, 0);
  await wait;
});

test('an iteration after the fence says nothing about those before it', async () => {
  const ledger = new IterationLedger();
  const wait = ledger.settled(50).then((settled) => (settled ? 'settled' : 'limit'));
  for (const iteration of [0, 1, 2]) ledger.ended(iteration, false);
  assert.equal(await Promise.race([wait, new Promise((resolve) => setTimeout(resolve, 20, 'waiting'))]), 'waiting');
  assert.equal(await wait, 'limit');
});
