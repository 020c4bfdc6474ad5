/** In which order trials begin. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { InstalledGateway } from '../../src/gateways/way.ts';
import { VARIANTS } from '../../src/manifests/overlays.ts';
import { planTrials } from '../../src/trials/plan-comparison.ts';
import { MIX } from './scripted.ts';

async function names(repeats: number, seed: number) {
  const trials = await planTrials({
    runtimes: [
      { name: 'node', version: '1', command: ['node'] },
      { name: 'bun', version: '1', command: ['bun'] },
    ],
    variants: [...VARIANTS, 'control'],
    repeats,
    requestMix: MIX,
    load: 'builtin',
    cluster: 'local',
    seed,
    run: 'run',
  });
  return trials.map(({ identity: { variant, repeat } }) => ({ variant, repeat }));
}

describe('the trials of a comparison', () => {
  test('begin with the shortest, and go on from the longest to the shortest', async () => {
    const order = (await names(1, 1)).map(({ variant }) => variant);
    assert.equal(order[0], 'broken');
    const long = ['valid', 'without-graceful-shutdown', 'without-pre-stop'];
    assert.deepEqual(new Set(order.slice(1, 7)), new Set(long));
    assert.deepEqual(order.slice(7, 9), ['without-replicas', 'without-replicas']);
    assert.deepEqual(order.slice(-3), ['control', 'control', 'broken']);
  });

  test('count pauses as the longest', async () => {
    const runtimes = [{ name: 'node' as const, version: '1', command: ['node'] }];
    const gateway = { name: 'nginx', upstream: 'pods', binary: '/nginx', version: '1' } as InstalledGateway;
    const trials = await planTrials({
      ...{ runtimes, variants: ['pauses', 'control', 'valid'], ways: [gateway], repeats: 1, requestMix: MIX },
      ...{ load: 'builtin', cluster: 'local', seed: 1, run: 'run' },
    });
    const order = trials.map(({ identity }) => identity.variant);
    assert.deepEqual(order, ['control', 'pauses', 'valid']);
  });

  test('take one round after the other', async () => {
    const rounds = (await names(3, 1)).slice(1).map(({ repeat }) => repeat);
    assert.deepEqual(rounds, rounds.toSorted());
  });

  test('of one length are in a random order, by the seed', async () => {
    const orders = await Promise.all([1, 1, 2, 3, 4].map((seed) => names(1, seed)));
    const [a, again, ...others] = orders.map((order) => JSON.stringify(order));
    assert.equal(a, again);
    assert.ok(others.some((order) => order !== a));
  });
});
