/** How cause 2 is described for different servers. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { advise } from '../../src/analysis/advice.ts';
import type { ServerBehaviour } from '../../src/analysis/server-behaviour.ts';
import type { Wrapper } from '../../src/analysis/wrapper.ts';
import { shutdownWords } from '../../src/report/shutdown-words.ts';
import { DELETED, failed, pod, trace } from '../analysis/story.ts';

const QUIET: ServerBehaviour = {
  ...advise([trace()]).server,
  pods: 3,
  exitedAtOnce: 0,
  diedOfSignal: 0,
  drained: 0,
  inFlight: { broken: 0 },
};
const PM2: Wrapper = {
  names: ['pm2-runtime'],
  server: 'server.js',
  fault: 'ended-server',
  examined: true,
  signals: ['SIGTERM'],
  afterMs: 1640,
};

const CASES: [what: string, seen: Partial<ServerBehaviour>, words: string | undefined][] = [
  [
    'a preStop hook that ended the server',
    { exitedAtOnce: 3, endedInHook: 3, inFlight: { broken: 1 } },
    'the preStop hook ended the server, with 1 request in flight',
  ],
  ['nothing that was observed', {}, undefined],
  [
    'an exit at once',
    { exitedAtOnce: 3, inFlight: { broken: 54 } },
    'the server exited at once on SIGTERM, with 54 requests in flight',
  ],
  [
    'an exit at once of some pods, on another signal',
    { exitedAtOnce: 1, inFlight: { broken: 1 }, stopSignal: 'SIGQUIT' },
    'the server exited at once on SIGQUIT (1 of 3 pods), with 1 request in flight',
  ],
  [
    'an exit at once, with sessions',
    { exitedAtOnce: 3, inFlight: { broken: 1 }, sessions: { ended: 0, cut: 40, neverEnded: 0 } },
    'the server exited at once on SIGTERM, with 1 request in flight and 40 open sessions',
  ],
  [
    'a deadline of its own for sessions',
    { exitedMs: 2012, inFlight: { broken: 1 }, sessions: { ended: 0, cut: 40, neverEnded: 0 } },
    'the server exited within 2.01 s of SIGTERM, and cut 40 open sessions',
  ],
  [
    'a wait for sessions that never end',
    { killed: 3, inFlight: { broken: 1 }, sessions: { ended: 0, cut: 40, neverEnded: 40 } },
    'the server waited for 40 sessions that it never ended, until SIGKILL',
  ],
  ['a deadline of its own', { gaveUp: { pods: 3, afterMs: 412 } }, 'the server gave up 0.41 s after SIGTERM'],
  [
    'a death of the stop signal',
    { diedOfSignal: 3, deathSignals: ['SIGINT'], stopSignal: 'SIGINT', inFlight: { broken: 2 } },
    'the server died of SIGINT, with 2 requests in flight',
  ],
  ['a death of another signal', { diedOfSignal: 3, deathSignals: ['SIGSEGV'] }, 'the server died of SIGSEGV'],
  [
    'an ignored signal until SIGKILL',
    { killed: 3, ignored: 3, inFlight: { broken: 9 } },
    'the server ignored SIGTERM until SIGKILL',
  ],
  [
    'an error status, and no exit until SIGKILL',
    { killed: 3, ignored: 3, turnedAway: { fresh: 4, reused: 1, inFlight: 0, status: 503 } },
    'the server did not exit until SIGKILL; the server answered 1 request with 503',
  ],
  [
    'an error status, and an exit that cut nothing',
    { exitedAtOnce: 3, turnedAway: { fresh: 0, reused: 5, inFlight: 0, status: 503 } },
    'the server answered 5 requests with 503',
  ],
  [
    'a closed port and a cut',
    { drained: 3, cutAlive: 7, inFlight: { broken: 7 } },
    'on SIGTERM the server closed its port and cut 7 requests in flight, and kept running',
  ],
  [
    'a wrapper',
    { wrapper: PM2, endedByWrapper: 3, inFlight: { broken: 7 } },
    'pm2-runtime ended server.js 1.64 s after SIGTERM',
  ],
];

describe('cause 2 names', () => {
  for (const [what, seen, words] of CASES) {
    test(what, () => {
      const sentence = words && `The pod accepted the request but did not finish it: ${words}.`;
      assert.equal(shutdownWords({ ...QUIET, ...seen }), sentence);
    });
  }
});

test('requests that a wrapper ended are not counted as cut by the server', () => {
  const old = pod('old-1', { ...DELETED.drainedWithoutDelay, exitMs: 5000 });
  for (const run of old.containers[0]?.runs ?? []) {
    run.wrapper = {
      names: ['pm2-runtime'],
      server: 'server.js',
      stop: { handled: true, signals: ['SIGTERM'], serverEndedMs: 1640 },
    };
  }
  const cutAt = (atMs: number) =>
    advise([
      trace({
        pods: [old, pod('new-1')],
        load: { failures: [failed('fresh wait closed', 900, atMs, { pod: 'old-1' })] },
      }),
    ]).server.cutAlive;
  assert.deepEqual([cutAt(1010), cutAt(2640)], [1, 0]);
});
