/** How many local trials a machine has room for. The machine is a script; its time moves with every question. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ProcessorUse } from '../../src/processes/processor-use.ts';
import { type Machine, processorRoom } from '../../src/trials/processor-room.ts';

interface Script {
  processors?: number;
  coresExpected?: number;
  /** The share in use that a machine with so many trials shows. */
  busy: (running: number) => number;
  free?: number;
  /** Trials whose results are invalid. */
  invalid?: (trial: number) => boolean;
}

/** So many trials that each last 20 s, over two minutes: how many run at each second. */
function runs({ processors = 2, coresExpected = 0.2, busy, free = 0.5, invalid = () => false }: Script): number[] {
  let nowMs = 0;
  let running = 0;
  const machine: Machine = {
    processors,
    nowMs: () => nowMs,
    busyShare: () => busy(running),
    freeMemoryShare: () => free,
  };
  const rule = processorRoom(coresExpected, machine);
  const endsMs: number[] = [];
  const perSecond: number[] = [];
  let trials = 0;
  for (; nowMs < 120_000; nowMs += rule.askAgainMs) {
    while ((endsMs[0] ?? Number.POSITIVE_INFINITY) <= nowMs) {
      endsMs.shift();
      running--;
      rule.onEnd?.(running, !invalid(trials));
    }
    if (running === 0 || rule.hasRoom(running)) {
      trials++;
      running++;
      rule.onBegin?.(running);
      endsMs.push(nowMs + 20_000);
    }
    if (nowMs % 1000 === 0) perSecond.push(running);
  }
  return perSecond;
}

const most = (script: Script) => Math.max(...runs(script));
/** Each trial takes so many cores. */
const cores =
  (each: number, processors = 2, others = 0) =>
  (running: number) =>
    Math.min(1, (running * each) / processors + others);

describe('as many trials as the processors bear', () => {
  const cases: [what: string, script: Script, least: number, most: number][] = [
    ['as expected: 1.7 of 2 cores', { busy: cores(0.2) }, 7, 9],
    ['cheaper than expected', { busy: cores(0.05, 4), processors: 4 }, 17, 20],
    ['more expensive than expected', { busy: cores(0.8) }, 2, 3],
    ['more cores', { processors: 16, busy: cores(0.2, 16) }, 60, 80],
    ['half of the machine is taken by others', { busy: cores(0.2, 2, 0.5) }, 2, 5],
    ['all of it is taken by others: one per core', { busy: () => 1 }, 2, 2],
    ['trials are invalid because of others', { busy: () => 1, invalid: () => true }, 1, 2],
    ['an unknown server that turns out to be cheap', { coresExpected: 1, busy: cores(0.2) }, 3, 9],
    ['no memory is left', { busy: cores(0.01), free: 0.1 }, 1, 1],
  ];
  for (const [what, script, least, atMost] of cases) {
    test(what, () => {
      const seen = most(script);
      assert.ok(seen >= least && seen <= atMost, `${seen} at a time, not ${least} to ${atMost}`);
    });
  }

  test('starts are apart: one core starts one trial in four seconds', () => {
    assert.deepEqual(runs({ busy: cores(0.01) }).slice(0, 5), [1, 1, 2, 2, 3]);
    assert.deepEqual(runs({ processors: 1, busy: cores(0.01, 1) }).slice(0, 5), [1, 1, 1, 1, 2]);
  });

  test('each invalid trial makes it more careful', () => {
    const careful = runs({ busy: cores(0.2), invalid: (trial) => trial < 20 });
    assert.ok((careful.at(-1) ?? 0) < (runs({ busy: cores(0.2) }).at(-1) ?? 0));
    assert.ok(Math.min(...careful) >= 1);
    assert.equal(runs({ busy: () => 1, invalid: () => true }).at(-1), 1);
  });
});

describe('the use of the processors', () => {
  const times = (user: number, idle: number) => ({ times: { user, nice: 0, sys: 0, irq: 0, idle } });

  test('is counted over all of them, from one reading to the next', () => {
    const readings = [
      [times(100, 100), times(0, 200)],
      [times(150, 150), times(0, 300)],
      [times(150, 150), times(0, 300)],
      [times(350, 150), times(200, 300)],
    ];
    const use = new ProcessorUse(() => readings.shift() ?? []);
    assert.deepEqual([use.share(), use.share(), use.share()], [0.25, undefined, 1]);
  });

  test('of this machine is a share', async () => {
    const use = new ProcessorUse();
    let share: number | undefined;
    while (share === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      share = use.share();
    }
    assert.ok(share >= 0 && share <= 1, String(share));
  });
});
