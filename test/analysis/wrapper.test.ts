/** Whether a wrapper or its server ended a request in flight, judged by what both were seen to do. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { advise } from '../../src/analysis/advice.ts';
import type { ChangeId } from '../../src/analysis/changes.ts';
import type { Wrapper } from '../../src/analysis/wrapper.ts';
import { measuredLines } from '../../src/report/advice.ts';
import { shutdownWords } from '../../src/report/shutdown-words.ts';
import type { PodRecord, WrapperRecord } from '../../src/trace/cluster-record.ts';
import { failed, pod, type Timeline, trace } from './story.ts';

type Stop = WrapperRecord['stop'];

/** SIGTERM at 1000; a request started at 900 that breaks when the pod ends. */
function measured(names: string[], stop: Stop, end: Timeline) {
  const wrapped = (record: PodRecord, wrapper: WrapperRecord): PodRecord => {
    const [container] = record.containers;
    const [run] = container?.runs ?? [];
    if (run) run.wrapper = wrapper;
    return record;
  };
  const seen = { names, server: 'server.js' };
  const old = wrapped(pod('old-1', { deletionMs: 1000, sigtermMs: 1000, ...end }), seen);
  const examined = wrapped(pod('new-1'), stop ? { ...seen, stop } : seen);
  const failures = [failed('fresh wait closed', 900, (end.exitMs ?? 0) + 1, { pod: 'old-1' })];
  return advise([trace({ pods: [old, examined], load: { failures } })]);
}

const exit = (afterMs: number): Timeline => ({ exitMs: 1000 + afterMs, exitCode: 0 });
const KILLED: Timeline = { sigkillMs: 6000, exitMs: 6002, exitSignal: 'SIGKILL' };
const PASSED = { handled: true, signals: ['SIGTERM'] };

const CASES: [
  what: string,
  names: string[],
  stop: Stop,
  end: Timeline,
  fault: Wrapper['fault'],
  change: ChangeId,
  words: RegExp,
][] = [
  [
    'npm, which exits while the server is running',
    ['npm', 'sh'],
    { handled: true, signals: [], firstEndedMs: 520 },
    exit(530),
    'ended-first',
    'wrapper',
    /: npm, which runs sh, ended 0\.52 s after SIGTERM while server\.js was still running\.$/,
  ],
  [
    'dash, which does not pass the signal on',
    ['sh'],
    { handled: true, signals: [] },
    KILLED,
    'keeps-signal',
    'wrapper',
    /: sh did not pass SIGTERM on to server\.js; the server kept running until SIGKILL\.$/,
  ],
  [
    'pm2-runtime, which sends a different signal, and SIGKILL later',
    ['pm2-runtime'],
    { handled: true, signals: ['SIGINT'], serverEndedMs: 1640 },
    exit(40),
    'ended-server',
    'wrapper',
    /: pm2-runtime passed SIGTERM on to server\.js as SIGINT, and ended what was still running 1\.64 s after SIGTERM\.$/,
  ],
  [
    'one that sends SIGKILL after the right signal',
    ['pm2-runtime'],
    { ...PASSED, serverEndedMs: 1640 },
    exit(1650),
    'ended-server',
    'wrapper',
    /: pm2-runtime ended server\.js 1\.64 s after SIGTERM\.$/,
  ],
  [
    'near miss: the same, but the server exited long before',
    ['pm2-runtime'],
    { ...PASSED, serverEndedMs: 1640 },
    exit(40),
    'ended-server',
    'graceful-shutdown',
    /: the server exited at once on SIGTERM, with 1 request in flight\.$/,
  ],
  [
    'near miss: tini, whose server exits at once',
    ['tini'],
    PASSED,
    exit(10),
    null,
    'graceful-shutdown',
    /: the server exited at once on SIGTERM, with 1 request in flight\.$/,
  ],
  [
    'near miss: tini, whose server gives up',
    ['tini'],
    PASSED,
    exit(400),
    null,
    'own-deadline',
    /: the server gave up 0\.40 s after SIGTERM, with 1 request in flight\.$/,
  ],
  [
    'near miss: tini, which exits with a server that has no handler',
    ['tini'],
    { handled: false, signals: [], firstEndedMs: 3 },
    exit(3),
    null,
    'graceful-shutdown',
    /: the server exited at once on SIGTERM, with 1 request in flight\.$/,
  ],
  [
    'near miss: npm, if it was not examined',
    ['npm'],
    undefined,
    exit(530),
    null,
    'own-deadline',
    /: the server gave up 0\.53 s after SIGTERM, with 1 request in flight\.$/,
  ],
];

describe('what ended a request, the wrapper or the server:', () => {
  for (const [what, names, stop, end, fault, change, words] of CASES) {
    test(what, () => {
      const advice = measured(names, stop, end);
      assert.deepEqual([advice.server.wrapper?.fault, advice.changes[0]?.change], [fault, change]);
      assert.match(shutdownWords(advice.server) ?? '', words);
    });
  }
});

describe('the measured lines name', () => {
  const line = (names: string[], stop: Stop) =>
    measuredLines(measured(names, stop, exit(10))).find((text) => text.startsWith('Wrapper:'));
  test('a wrapper that passed the signal on', () =>
    assert.equal(line(['tini'], PASSED), 'Wrapper: tini passed SIGTERM on to server.js.'));
  test('one that was not examined', () =>
    assert.equal(line(['tini', 'npm'], undefined), 'Wrapper: PID 1 is tini, which runs npm, which runs server.js.'));
  test('no wrapper if PID 1 is the server', () => {
    assert.equal(
      measuredLines(advise([trace()])).find((text) => text.startsWith('Wrapper:')),
      undefined,
    );
  });
});
