import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import picocolors from 'picocolors';
import { readRequestMix } from '../../src/load/request-mix.ts';
import { projectFile } from '../../src/project-file.ts';
import { brokenInWords, frame, type Overview, type RunningTrial, timeLeft } from '../../src/report/live/frame.ts';
import { estimateLeftMs } from '../../src/report/live/live.ts';
import { terminalProgress } from '../../src/report/progress.ts';
import { planTrials } from '../../src/trials/plan-comparison.ts';
import { DELETED, pod, trace } from '../analysis/story.ts';
import { trialResult } from '../results/trial-result.ts';

const PLAIN = picocolors.createColors(false);
const SIZE = { columns: 120, rows: 24 };
const ESCAPE = String.fromCharCode(27);

const running = (trial: Partial<RunningTrial> = {}): RunningTrial => ({
  name: 'valid-node',
  stage: 'rolling',
  requests: { started: 3204, failed: 0 },
  pods: [],
  lastEvent: '',
  ...trial,
});
const overview = (parts: Partial<Overview> = {}): Overview => ({
  done: 9,
  total: 21,
  failed: 0,
  leftMs: 72_000,
  running: [running()],
  planned: [],
  known: [],
  ...parts,
});

describe('a frame of the live view', () => {
  test('shows the progress, what is running, and a legend', () => {
    const pods = [
      pod('old-1', DELETED.drained),
      pod('old-2', { deletionMs: 1000 }),
      pod('old-3', { deletionMs: 1000, sigtermMs: 1000 }),
      pod('old-4', { deletionMs: 1000, sigtermMs: 1000, stoppedListeningMs: 2000 }),
      pod('old-5'),
      { ...pod('new-6'), readyMs: undefined as never },
    ];
    const text = frame(
      overview({ failed: 212, running: [running({ pods, requests: { started: 3204, failed: 12 } })] }),
      SIZE,
      PLAIN,
    );
    assert.deepEqual(text.split('\n'), [
      '██████████░░░░░░░░░░░░░░ 9 of 21 trials, 1 min 12 s left, 212 failed so far',
      '  valid-node rolling   old ×◐◔◌● new ○ 3,204 sent, 12 failed',
      '  ○ starting  ● ready  ◐ terminating  ◔ SIGTERM sent  ◌ not listening  × gone',
    ]);
  });

  test('shows the last event of the cluster until there are pods, without characters that could move the cursor', () => {
    const text = frame(
      overview({ running: [running({ requests: { started: 0, failed: 0 }, lastEvent: `pulling\n${ESCAPE}[2J` })] }),
      SIZE,
      PLAIN,
    );
    assert.match(text, /rolling {3}pulling \[2J$/m);
  });

  for (const columns of [20, 60, 79, 200]) {
    test(`fits ${columns} columns`, () => {
      const lines = frame(overview(), { columns, rows: 24 }, PLAIN).split('\n');
      assert.ok(lines.every((line) => line.length < columns));
    });
  }

  describe('of a comparison', () => {
    const variants = ['valid', 'broken', 'control'];
    const planned = variants.flatMap((variant) => ['deno', 'node'].map((runtime) => ({ runtime, variant })));
    const known = [
      { runtime: 'node', variant: 'valid', valid: true, failed: 0 },
      { runtime: 'node', variant: 'broken', valid: true, failed: 1200 },
      { runtime: 'node', variant: 'broken', valid: true, failed: 34 },
      { runtime: 'deno', variant: 'valid', valid: false, failed: 0 },
    ];

    test('has the verdicts so far', () => {
      const lines = frame(overview({ planned, known }), SIZE, PLAIN).split('\n');
      assert.deepEqual(
        lines.slice(1, 5).map((line) => line.trimEnd()),
        [
          '           Node           Deno',
          '  broken   1,234 failed   …',
          '  valid    0 failed       INVALID',
          '  control  …              …',
        ],
      );
    });

    test('has no room for them on a small terminal', () => {
      const many = Array.from({ length: 9 }, (_, i) => running({ name: `trial-${i}` }));
      const lines = (rows: number) =>
        frame(overview({ planned, known, running: many }), { columns: 80, rows }, PLAIN).split('\n');
      assert.equal(lines(9).filter((line) => /Node/.test(line)).length, 0);
      assert.equal(lines(10).filter((line) => /Node/.test(line)).length, 1);
      assert.ok(lines(9).length < 9 && lines(10).length < 10);
    });

    test('of one runtime has none', () => {
      const one = planned.filter(({ runtime }) => runtime === 'node');
      assert.doesNotMatch(frame(overview({ planned: one, known }), SIZE, PLAIN), /Node/);
    });
  });

  test('fits the rows, and says how many trials it leaves out', () => {
    const many = overview({ running: Array.from({ length: 40 }, (_, i) => running({ name: `trial-${i}` })) });
    const lines = frame(many, { columns: 120, rows: 10 }, PLAIN).split('\n');
    assert.equal(lines.length, 9);
    assert.equal(lines.at(-2), '  and 34 more');
  });
});

describe('numbers of the live view', () => {
  test('say how many failed, and of how many only if none did', () => {
    assert.equal(brokenInWords({ failed: 0, exposed: 2700 }), '0 of 2,700 failed');
    assert.equal(brokenInWords({ failed: 312, exposed: 27 }), '312 failed');
  });

  test('time left', () => {
    assert.deepEqual([0, 59_400, 59_600, 725_000].map(timeLeft), ['0 s', '59 s', '1 min 0 s', '12 min 5 s']);
  });

  const estimates: [what: string, known: Parameters<typeof estimateLeftMs>[0], leftMs: number | undefined][] = [
    ['nothing is known', { durationsMs: [], elapsedMs: [500], total: 8, atATime: 4 }, undefined],
    ['none runs yet', { durationsMs: [10_000], elapsedMs: [], total: 9, atATime: 4 }, 20_000],
    ['the running trials have begun', { durationsMs: [10_000], elapsedMs: [4000, 6000], total: 3, atATime: 2 }, 6000],
    ['trials take longer than expected', { durationsMs: [10_000], elapsedMs: [40_000], total: 2, atATime: 2 }, 0],
    ['all are done', { durationsMs: [1, 2], elapsedMs: [], total: 2, atATime: 2 }, 0],
  ];
  for (const [what, known, leftMs] of estimates) {
    test(`left when ${what}: ${leftMs} ms`, () => assert.equal(estimateLeftMs(known), leftMs));
  }
});

/** The output on a terminal or a pipe for two planned trials of Node. */
async function shown(t: TestContext, isTTY: boolean) {
  const { NO_COLOR } = process.env;
  process.env.NO_COLOR = '1';
  t.after(() => {
    if (NO_COLOR === undefined) delete process.env.NO_COLOR;
    else process.env.NO_COLOR = NO_COLOR;
  });
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 100, rows: 24 });
  const trials = await planTrials({
    runtimes: [{ name: 'node', version: '26.0.0', command: [] }],
    variants: ['valid', 'broken'],
    repeats: 1,
    requestMix: readRequestMix(projectFile('workload.json')),
    load: 'builtin',
    cluster: 'local',
    seed: 1,
    run: 'run-1',
  });
  const progress = terminalProgress(stream as unknown as NodeJS.WriteStream, trials, { seed: 1 });
  t.after(() => progress.stop());
  // Depending on the version of Node, one read returns all of the output or a single write.
  const written = () => {
    const chunks: string[] = [];
    for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) chunks.push(String(chunk));
    return chunks.join('');
  };
  return { trials, progress, written };
}

describe('progress', () => {
  test('is one line per trial without a terminal', async (t) => {
    const { trials, progress, written } = await shown(t, false);
    const [first, second] = trials;
    assert.ok(first && second);
    progress.observer.onStage(first, 'deploying');
    progress.observer.onProgress(first, { started: 10, failed: 3 }, []);
    progress.observer.onResult(first, trialResult({ causes: { capacity: 3 }, exposed: 2 }), trace());
    progress.observer.onResult(second, trialResult({ valid: false, invalidReasons: ['why'] }), trace());
    const names = trials.map(({ identity }) => `${identity.variant}-${identity.runtime}`);
    assert.equal(
      written(),
      `2 trials, seed 1\n[1/2] ${names[0]}: 3 failed\n[2/2] ${names[1]}: 0 of 3,000 failed INVALID: why\n`,
    );
  });

  test('is redrawn in place on a terminal, and removed at the end', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const { trials, progress, written } = await shown(t, true);
    const [first] = trials;
    assert.ok(first);
    assert.match(written(), /0 of 2 trials$/m);
    progress.observer.onStage(first, 'rolling');
    progress.observer.onProgress(first, { started: 100, failed: 7 }, [pod('old-1')]);
    t.mock.timers.tick(200);
    const drawn = written();
    assert.match(drawn, /old ● 100 sent, 7 failed/);
    t.mock.timers.tick(200);
    assert.equal(written(), '', 'a frame like the last one is not drawn');
    progress.observer.onProgress(first, { started: 101, failed: 7 }, [pod('old-1')]);
    t.mock.timers.tick(200);
    const change = written();
    assert.match(change, /101 sent/);
    assert.doesNotMatch(change, /trials,|terminating/, 'lines that are the same stay as they are');
    progress.stop();
    assert.match(written(), new RegExp(`${ESCAPE}\\[2K`), 'it clears its lines');
    t.mock.timers.tick(1000);
    assert.equal(written(), '');
  });
});
