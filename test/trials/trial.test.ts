/** One trial from deployment to end, with a scripted cluster and load. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { EnvironmentError } from '../../src/errors.ts';
import { Trace } from '../../src/trace/trace.ts';
import { runTrial, type TrialObserver, type TrialPlan } from '../../src/trials/trial.ts';
import { fast, type Script, ScriptedCluster, scriptedLoad, stopTime, trialPlan, untilAborted } from './scripted.ts';

function trial(t: TestContext, script: Script, plan: Partial<TrialPlan> = {}, observer: TrialObserver = {}) {
  stopTime(t);
  const steps: string[] = [];
  const note = (step: string) => steps.push(step);
  const aborting = new AbortController();
  const trace = () =>
    fast(
      t,
      runTrial(trialPlan(plan), new ScriptedCluster(script, note), scriptedLoad(script, note), aborting.signal, {
        onStage: (stage) => note(`[${stage}]`),
        ...observer,
      }),
    );
  return { steps, aborting, trace };
}

const ALL_STEPS = [
  '[deploying]',
  'deploy',
  'start load',
  '[settling]',
  '[rolling]',
  'disrupt',
  '[finishing]',
  'stop load',
  '[done]',
  'load ends',
  'remove',
];

test('the steps of a trial have a fixed order', async (t) => {
  const { steps, trace } = trial(t, {});
  const { disruption, settings, cluster, loadStartMs, loadStopMs } = Trace.parse(await trace());
  assert.deepEqual(steps, ALL_STEPS);
  assert.equal(disruption?.kind, 'rollout');
  assert.deepEqual([settings.workload, settings.replicas, settings.readinessProbe], ['Deployment', 1, true]);
  assert.equal(settings.assumed, undefined);
  assert.equal(cluster.pods.length, 1);
  assert.ok(loadStartMs <= loadStopMs);
});

test('the cluster knows beforehand what will be done, and the trace says what became of it', async (t) => {
  const outcome = { pod: 'u1', refusedEvictions: 2 };
  const { trace } = trial(t, { outcome }, { disruption: { kind: 'drain', node: 'node1' } });
  const { disruption } = Trace.parse(await trace());
  assert.ok(disruption && (disruption.completeMs ?? Number.NaN) >= disruption.atMs);
  const { atMs: _, completeMs: __, ...rest } = disruption;
  assert.deepEqual(rest, { kind: 'drain', node: 'node1', ...outcome });
});

test('the trace does not hold the command of the user, which may contain secrets', async (t) => {
  const { trace } = trial(t, {}, { disruption: { kind: 'command', command: 'helm --token secret' } });
  assert.ok(!JSON.stringify(await trace()).includes('secret'));
});

test('the trace says what the manifests take for granted', async (t) => {
  const assumed = [{ field: 'spec.paused', why: 'a paused Deployment does not roll out' }];
  const manifests = { ...trialPlan().manifests, assumed };
  const { settings } = Trace.parse(await trial(t, {}, { manifests }).trace());
  assert.deepEqual(settings.assumed, assumed);
});

test('a control has no disruption', async (t) => {
  const { steps, trace } = trial(t, {}, { control: true });
  assert.equal((await trace()).disruption, undefined);
  assert.deepEqual(
    steps.filter((step) => step.startsWith('[')),
    ['[deploying]', '[control]', '[done]'],
  );
  assert.ok(!steps.includes('disrupt'));
});

test('the wrapper is examined after the load if requests broke', async (t) => {
  const broke = trial(t, { failures: 1, examineWrapper: () => {} });
  await broke.trace();
  assert.deepEqual(broke.steps.slice(-4), ['[done]', 'examine wrapper', 'load ends', 'remove']);
});

test('the wrapper is not examined if no request broke', async (t) => {
  const { steps, trace } = trial(t, { examineWrapper: () => {} });
  await trace();
  assert.ok(!steps.includes('examine wrapper'));
});

test('progress and events are passed on', async (t) => {
  const seen: string[] = [];
  const { trace } = trial(
    t,
    {},
    {},
    {
      onProgress: ({ started }, pods) => seen.push(`${started} requests, ${pods.length} pod`),
      onEvent: ({ type }) => seen.push(type),
    },
  );
  await trace();
  assert.deepEqual(seen.slice(0, 2), ['Started', '7 requests, 1 pod']);
});

describe('Ctrl-C ends the trial with that reason, and everything is removed:', () => {
  const table: [what: string, script: Script, plan?: Partial<TrialPlan>][] = [
    ['while the load starts', { startLoad: untilAborted }],
    ['during the rollout', { disrupt: untilAborted }],
    ['while the load stops', { stopLoad: untilAborted }],
    ['while the wrapper is examined', { failures: 1, examineWrapper: untilAborted }],
  ];
  for (const [what, script, plan] of table) {
    test(what, async (t) => {
      const { steps, aborting, trace } = trial(t, script, plan);
      const ended = trace();
      ended.catch(() => {});
      const at = what.includes('wrapper') ? 'examine wrapper' : { s: 'start load', r: 'disrupt', p: 'stop load' };
      const step = typeof at === 'string' ? at : what.includes('starts') ? at.s : what.includes('stops') ? at.p : at.r;
      while (!steps.includes(step)) await new Promise((resolve) => setImmediate(resolve));
      aborting.abort(new Error('Ctrl-C'));
      await assert.rejects(ended, /^Error: Ctrl-C$/);
      assert.equal(steps.at(-1), 'remove');
    });
  }

  for (const stage of ['[settling]', '[finishing]', '[control]']) {
    test(stage, async (t) => {
      const { steps, aborting, trace } = trial(t, {}, { control: stage === '[control]' }, {});
      const ended = trace();
      ended.catch(() => {});
      while (!steps.includes(stage)) await new Promise((resolve) => setImmediate(resolve));
      aborting.abort(new Error('Ctrl-C'));
      await assert.rejects(ended, /^Error: Ctrl-C$/);
      assert.equal(steps.at(-1), 'remove');
      assert.ok(!steps.includes('stop load'));
    });
  }

  test('while it is being deployed, when there is nothing to remove yet', async (t) => {
    const { steps, aborting, trace } = trial(t, { deploy: untilAborted });
    const ended = trace();
    ended.catch(() => {});
    aborting.abort(new Error('Ctrl-C'));
    await assert.rejects(ended, /^Error: Ctrl-C$/);
    assert.deepEqual(steps, ['[deploying]', 'deploy']);
  });
});

describe('a failing step ends the trial with its own error, and everything is removed:', () => {
  const fails = (words: string) => () => Promise.reject(new EnvironmentError(words));
  const table: [what: string, script: Script, words: RegExp, last: string][] = [
    ['the deployment', { deploy: fails('no cluster') }, /^EnvironmentError: no cluster$/, 'deploy'],
    ['the start of the load', { startLoad: fails('no k6') }, /^EnvironmentError: no k6$/, 'remove'],
    ['the rollout', { disrupt: fails('stuck') }, /^EnvironmentError: stuck$/, 'remove'],
    ['the end of the load', { stopLoad: fails('lost') }, /^EnvironmentError: lost$/, 'remove'],
    ['the removal', { remove: fails('still there') }, /^EnvironmentError: still there$/, 'remove'],
  ];
  for (const [what, script, words, last] of table) {
    test(what, async (t) => {
      const { steps, trace } = trial(t, script);
      await assert.rejects(trace(), words);
      assert.equal(steps.at(-1), last);
    });
  }

  test('the load, which dies during the rollout; the rollout is ended too', async (t) => {
    let die = (_: Error) => {};
    const died = new Promise<never>((_, reject) => {
      die = reject;
    });
    const script: Script = {
      died,
      disrupt: (signal) => {
        die(new EnvironmentError('k6 ended by itself'));
        return untilAborted(signal);
      },
    };
    const { steps, trace } = trial(t, script);
    await assert.rejects(trace(), /^EnvironmentError: k6 ended by itself$/);
    assert.deepEqual(steps.slice(-3), ['disrupt', 'load ends', 'remove']);
  });
});
