import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstalledGateway } from '../../src/gateways/way.ts';
import { readRequestMix } from '../../src/load/request-mix.ts';
import { RUNTIMES, VARIANTS } from '../../src/manifests/overlays.ts';
import { projectFile } from '../../src/project-file.ts';
import { planTrials } from '../../src/trials/plan-comparison.ts';

const plan = async (seed: number) => {
  const trials = await planTrials({
    runtimes: RUNTIMES.map((name) => ({ name, version: '1', command: [name] })),
    variants: [...VARIANTS, 'control'],
    repeats: 2,
    requestMix: readRequestMix(projectFile('workload.json')),
    load: 'builtin',
    cluster: 'local',
    seed,
    run: 'run-1',
  });
  return trials.map(({ identity, control }) => ({ ...identity, control }));
};

test('a comparison has every runtime in every variant, with repeats', async () => {
  const trials = await plan(1);
  assert.equal(trials.length, 3 * 7 * 2);
  assert.equal(new Set(trials.map(({ runtime, variant, repeat }) => `${runtime} ${variant} ${repeat}`)).size, 42);
  assert.ok(trials.every(({ variant, control }) => control === (variant === 'control')));
});

test('an event leaves out the variants on which it has no effect, unless they were asked for', async () => {
  const planned = async (onlyPossible: boolean) =>
    planTrials({
      runtimes: [{ name: 'node', version: '1', command: ['node'] }],
      variants: [...VARIANTS, 'control'],
      repeats: 1,
      requestMix: readRequestMix(projectFile('workload.json')),
      disruption: { kind: 'scale-down', replicas: 1 },
      onlyPossible,
      load: 'builtin',
      cluster: 'local',
      seed: 1,
      run: 'run-1',
    });
  const variants = (await planned(true)).map(({ identity }) => identity.variant);
  assert.ok(!variants.includes('broken') && !variants.includes('without-replicas') && variants.includes('control'));
  assert.equal(variants.length, 5);
  assert.equal((await planned(false)).length, 7);
});

test('the same seed gives the same order and the same seed for each trial; another seed does not', async () => {
  assert.deepEqual(await plan(7), await plan(7));
  assert.notDeepEqual(await plan(7), await plan(8));
  assert.equal(new Set((await plan(7)).map(({ seed }) => seed)).size, 42);
});

test('pauses are a control of the valid overlay, behind gateways only, and never by default', async () => {
  const gateway = { name: 'nginx', upstream: 'pods', binary: '/nginx', version: '1' } as InstalledGateway;
  const trials = await planTrials({
    runtimes: [{ name: 'node', version: '1', command: ['node'] }],
    variants: ['valid', 'pauses'],
    ways: [undefined, gateway],
    repeats: 1,
    requestMix: readRequestMix(projectFile('workload.json')),
    load: 'builtin',
    cluster: 'local',
    seed: 1,
    run: 'run-1',
  });
  const planned = trials.map(({ identity: { variant, through }, control, pauses }) => ({
    ...{ variant, through, control, pauses },
  }));
  const of = (wanted: string) => planned.filter(({ variant }) => variant === wanted);
  assert.deepEqual(of('pauses'), [{ variant: 'pauses', through: 'nginx', control: true, pauses: true }]);
  assert.equal(of('valid').length, 2);
});
