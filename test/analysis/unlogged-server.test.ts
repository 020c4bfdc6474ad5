/** Servers without a lifecycle log are judged from outside. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { causeOf } from '../../src/analysis/attribution.ts';
import type { CauseId } from '../../src/analysis/causes.ts';
import { podTimeline } from '../../src/analysis/pod-timeline.ts';
import { drained } from '../../src/analysis/timeline.ts';
import type { FailedRequest, SuccessBucket } from '../../src/trace/load-record.ts';
import { failed, history, pod, succeeded, type Timeline } from './story.ts';

const GONE = { deletionMs: 1000, sigtermMs: 1000 };
const KILLED = { ...GONE, sigkillMs: 6000, exitMs: 6005, exitSignal: 'SIGKILL' };

const DRAINED: [what: string, timeline: Timeline, drained: boolean][] = [
  ['stopped listening and kept running', { ...GONE, stoppedListeningMs: 1010, exitMs: 3000, exitCode: 0 }, true],
  ['stopped listening and kept running until SIGKILL', { ...KILLED, stoppedListeningMs: 1010 }, true],
  ['lost its readiness and kept running', { ...GONE, notReadyMs: 3500, exitMs: 5000, exitCode: 0 }, true],
  ['stopped listening as it exited', { ...GONE, stoppedListeningMs: 1010, exitMs: 1012, exitCode: 0 }, false],
  ['stopped listening 250 ms before its exit', { ...GONE, stoppedListeningMs: 1010, exitMs: 1260 }, false],
  ['kept serving until SIGKILL', KILLED, false],
  ['died of SIGTERM', { ...GONE, exitMs: 1010, exitSignal: 'SIGTERM' }, false],
  ['lost its readiness before SIGTERM', { ...KILLED, sigtermMs: 4000, notReadyMs: 3000 }, false],
  ['writes a log, and only stopped listening', { ...KILLED, listeningMs: -4100, stoppedListeningMs: 1010 }, false],
  ['writes a log, and drains', { ...KILLED, listeningMs: -4100, drainingMs: 1001 }, true],
];

describe('a server', () => {
  for (const [what, timeline, expected] of DRAINED) {
    test(`that ${what} ${expected ? 'drained' : 'did not drain'}`, () => {
      assert.equal(drained(podTimeline(pod('old-1', timeline))), expected);
    });
  }
});

const OLD = { pod: 'old-1' };
type Case = [what: string, timeline: Timeline, request: FailedRequest, cause: CauseId, successes?: SuccessBucket[]];

const CAUSES: Case[] = [
  [
    'cut by SIGKILL after the server ignored SIGTERM',
    KILLED,
    failed('reused wait closed', 5990, 6002, OLD),
    'no-graceful-shutdown',
  ],
  [
    'cut by SIGKILL after the server stopped listening',
    { ...KILLED, stoppedListeningMs: 1010 },
    failed('reused wait closed', 900, 6002, OLD),
    'grace-too-short',
  ],
  [
    'given up by the server at a deadline of its own, long before SIGKILL',
    { ...GONE, stoppedListeningMs: 1010, exitMs: 4000, exitCode: 1 },
    failed('fresh wait closed', 900, 4000, OLD),
    'no-graceful-shutdown',
  ],
  [
    'sent after SIGTERM, and still in flight when the server gave up',
    { ...GONE, stoppedListeningMs: 1010, exitMs: 4000, exitCode: 0 },
    failed('reused wait closed', 3500, 4001, OLD),
    'no-graceful-shutdown',
  ],
  [
    'near miss: sent as the server exited, so it may have crossed the close',
    { ...GONE, stoppedListeningMs: 1010, exitMs: 4000, exitCode: 0 },
    failed('reused wait closed', 3990, 4001, OLD),
    'keep-alive-race',
  ],
  [
    'sent after SIGTERM to a server that answers on its open connections until SIGKILL',
    { ...KILLED, stoppedListeningMs: 1010 },
    failed('reused wait closed', 5950, 6002, OLD),
    'no-graceful-shutdown',
    [succeeded(55, 9)],
  ],
  [
    'sent before SIGTERM to that server: a longer grace period would have been enough',
    { ...KILLED, stoppedListeningMs: 1010 },
    failed('reused wait closed', 900, 6002, OLD),
    'grace-too-short',
    [succeeded(55, 9)],
  ],
  [
    'in flight for long on an open connection of a server that answers on those until SIGKILL',
    { ...KILLED, stoppedListeningMs: 1010 },
    failed('reused wait closed', 5100, 6002, OLD),
    'no-graceful-shutdown',
    [succeeded(35, 9)],
  ],
  [
    'sent after SIGTERM to one that had stopped answering long before',
    { ...KILLED, stoppedListeningMs: 1010 },
    failed('reused wait closed', 4000, 6002, OLD),
    'grace-too-short',
    [succeeded(30, 9)],
  ],
  [
    'sent as the server closed the idle connection, just before it exited',
    { ...GONE, stoppedListeningMs: 1010, exitMs: 1050, exitCode: 0 },
    failed('reused wait closed', 1001, 1002, OLD),
    'keep-alive-race',
  ],
  [
    'near miss: cut by its exit, which broke all of its connections',
    { ...GONE, exitMs: 1012, exitCode: 0 },
    failed('reused wait closed', 1001, 1010, OLD),
    'no-graceful-shutdown',
  ],
  [
    'sent just before SIGTERM, read, and cut with FIN',
    { ...GONE, stoppedListeningMs: 1010, exitMs: 3000, exitCode: 0 },
    failed('reused wait closed', 993, 1001, OLD),
    'no-graceful-shutdown',
  ],
  [
    'near miss: sent just before SIGTERM, and not read before the connection was closed',
    { ...GONE, stoppedListeningMs: 1010, exitMs: 3000, exitCode: 0 },
    failed('reused wait ECONNRESET', 993, 1001, OLD),
    'keep-alive-race',
  ],
  [
    'cut at once by a server that keeps running until SIGKILL',
    { ...KILLED, stoppedListeningMs: 1002 },
    failed('reused wait closed', 900, 1003, OLD),
    'no-graceful-shutdown',
  ],
  [
    'cut by an immediate exit',
    { ...GONE, stoppedListeningMs: 1010, exitMs: 1012, exitCode: 0 },
    failed('fresh wait closed', 900, 1012, OLD),
    'no-graceful-shutdown',
  ],
  [
    'refused by a server that has stopped listening',
    { ...GONE, stoppedListeningMs: 1010, exitMs: 4000, exitCode: 0 },
    failed('fresh connect ECONNREFUSED', 1500, 1501, OLD),
    'routing-lag',
  ],
  [
    'sent as the server closed its idle connection',
    { ...GONE, stoppedListeningMs: 1010, exitMs: 4000, exitCode: 0 },
    failed('reused wait closed', 1010, 1011, OLD),
    'keep-alive-race',
  ],
  [
    'refused when there was no other pod',
    { ...GONE, stoppedListeningMs: 1010, exitMs: 4000, exitCode: 0 },
    failed('fresh connect ECONNREFUSED', 1500, 1501),
    'capacity',
  ],
];

describe('the cause of a request to a server without a log', () => {
  for (const [what, timeline, request, cause, successes = []] of CAUSES) {
    test(`${what}: ${cause}`, () => {
      const others = cause === 'capacity' ? [] : [pod('new-1')];
      const story = history({ pods: [pod('old-1', timeline), ...others] }, { successes, failures: [request] });
      assert.equal(causeOf(request, story), cause);
    });
  }
});
