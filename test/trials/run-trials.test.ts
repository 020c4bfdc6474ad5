/** Parallel trials: how many at a time, in which order, and what a failing one does to the others. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { EnvironmentError } from '../../src/errors.ts';
import { atMost, Pace } from '../../src/trials/pace.ts';
import { runTrials } from '../../src/trials/run-trials.ts';
import type { TrialPlan } from '../../src/trials/trial.ts';
import { fast, type Script, ScriptedCluster, scriptedLoad, stopTime, trialPlan, untilAborted } from './scripted.ts';

const plans = (count: number) =>
  Array.from({ length: count }, (_, repeat) => trialPlan({ identity: { ...trialPlan().identity, repeat } }));

/** Runs that many trials. `script` returns the script of the trial with this number. */
function trials(
  t: TestContext,
  count: number,
  atATime: number,
  script: (repeat: number) => Script = () => ({}),
  load: Script = {},
  mayMeasureAgain = true,
) {
  stopTime(t);
  const begun: number[] = [];
  const removed: number[] = [];
  const results: number[] = [];
  const discarded: (string | number)[][] = [];
  const discardedOf: Record<number, readonly string[] | undefined> = {};
  let running = 0;
  let most = 0;
  const aborting = new AbortController();
  const backend = {
    load: scriptedLoad(load, () => {}),
    pace: new Pace(atMost(atATime)),
    mayMeasureAgain,
    clusterFor({ identity: { repeat } }: TrialPlan) {
      return new ScriptedCluster(script(repeat), (step) => {
        if (step === 'deploy') {
          begun.push(repeat);
          running++;
          most = Math.max(most, running);
        }
        if (step !== 'remove') return;
        removed.push(repeat);
        running--;
      });
    },
  };
  const run = () =>
    fast(
      t,
      runTrials(plans(count), backend, aborting.signal, {
        onStage: () => {},
        onProgress: () => {},
        onEvent: () => {},
        onDiscarded: ({ identity }, reasons) => {
          discarded.push([identity.repeat, ...reasons]);
        },
        onResult: ({ identity }, result, trace) => {
          assert.equal(trace.trial.repeat, identity.repeat);
          assert.equal(result.repeat, identity.repeat);
          results.push(identity.repeat);
          discardedOf[identity.repeat] = result.discarded;
        },
      }),
    );
  return { run, begun, removed, results, discarded, discardedOf, aborting, most: () => most };
}

describe('as many trials at a time as the backend allows, in the order of the plan', () => {
  for (const [count, atATime, most] of [
    [5, 1, 1],
    [5, 2, 2],
    [2, 8, 2],
    [0, 2, 0],
  ] as const) {
    test(`${count} trials, ${atATime} at a time`, async (t) => {
      const run = trials(t, count, atATime);
      await run.run();
      const all = Array.from({ length: count }, (_, index) => index);
      assert.deepEqual([run.begun, run.removed, run.results], [all, all, all]);
      assert.equal(run.most(), most);
    });
  }
});

describe('a trial whose load did not keep its schedule', () => {
  const WHY = '90 of 100 requests could not be started';

  test('is measured once more, after the others', async (t) => {
    const run = trials(t, 3, 1, undefined, { dropped: [90, 0, 0, 0] });
    await run.run();
    assert.deepEqual(
      [run.begun, run.results],
      [
        [0, 1, 2, 0],
        [1, 2, 0],
      ],
    );
    assert.deepEqual(run.discarded, [[0, WHY]]);
    assert.deepEqual(run.discardedOf, { 0: [WHY], 1: undefined, 2: undefined });
  });

  test('is invalid at once where no trial may be measured twice', async (t) => {
    const run = trials(t, 1, 1, undefined, { dropped: [90] }, false);
    await run.run();
    assert.deepEqual([run.begun, run.results, run.discarded], [[0], [0], []]);
  });

  test('is invalid if it does not keep it then either', async (t) => {
    const run = trials(t, 1, 1, undefined, { dropped: [90, 90] });
    await run.run();
    assert.deepEqual([run.begun, run.results, run.discarded], [[0, 0], [0], [[0, WHY]]]);
  });
});

test('the first error ends the other trials, begins no more, and is thrown once all are removed', async (t) => {
  const fails = () => Promise.reject(new EnvironmentError('no space left'));
  const run = trials(t, 5, 2, (repeat) => (repeat === 1 ? { disrupt: fails } : { disrupt: untilAborted }));
  await assert.rejects(run.run(), /^EnvironmentError: no space left$/);
  assert.deepEqual([run.begun, run.removed.sort(), run.results], [[0, 1], [0, 1], []]);
});

test('results before an error are kept', async (t) => {
  const fails = () => Promise.reject(new EnvironmentError('no space left'));
  const run = trials(t, 3, 1, (repeat) => (repeat === 1 ? { disrupt: fails } : {}));
  await assert.rejects(run.run(), /no space left/);
  assert.deepEqual([run.results, run.begun], [[0], [0, 1]]);
});

test('Ctrl-C ends all trials with its reason, even if their removal fails', async (t) => {
  const run = trials(t, 4, 2, () => ({
    disrupt: untilAborted,
    remove: () => Promise.reject(new EnvironmentError('still there')),
  }));
  const running = run.run();
  running.catch(() => {});
  while (run.begun.length < 2) await new Promise((resolve) => setImmediate(resolve));
  run.aborting.abort(new Error('Ctrl-C'));
  await assert.rejects(running, /^Error: Ctrl-C$/);
  assert.deepEqual(
    [run.begun, run.removed.sort()],
    [
      [0, 1],
      [0, 1],
    ],
  );
});

test('an error while a result is saved ends the trials too', async (t) => {
  stopTime(t);
  const backend = {
    load: scriptedLoad({}, () => {}),
    pace: new Pace(atMost(1)),
    clusterFor: () => new ScriptedCluster({}, () => {}),
  };
  const running = runTrials(plans(2), backend, new AbortController().signal, {
    onStage: () => {},
    onProgress: () => {},
    onEvent: () => {},
    onDiscarded: () => {},
    onResult: () => {
      throw new TypeError('a bug');
    },
  });
  await assert.rejects(fast(t, running), /^TypeError: a bug$/);
});
