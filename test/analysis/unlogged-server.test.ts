/** Servers that keep no log of their life are judged by what was seen of them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { causeOf } from '../../src/analysis/attribution.ts';
import type { CauseId } from '../../src/analysis/causes.ts';
import { podLife } from '../../src/analysis/pod-life.ts';
import { drained } from '../../src/analysis/timeline.ts';
import type { FailedRequest } from '../../src/trace/load-record.ts';
import { failed, history, pod, type Timeline } from './story.ts';

const GONE = { deletionMs: 1000, sigtermMs: 1000 };
const KILLED = { ...GONE, sigkillMs: 6000, exitMs: 6005, exitSignal: 'SIGKILL' };

const DRAINED: [what: string, timeline: Timeline, drained: boolean][] = [
  ['stopped listening and lived on', { ...GONE, stoppedListeningMs: 1010, exitMs: 3000, exitCode: 0 }, true],
  ['stopped listening and lived on until SIGKILL', { ...KILLED, stoppedListeningMs: 1010 }, true],
  ['lost its readiness and lived on', { ...GONE, notReadyMs: 3500, exitMs: 5000, exitCode: 0 }, true],
  ['stopped listening as it exited', { ...GONE, stoppedListeningMs: 1010, exitMs: 1012, exitCode: 0 }, false],
  ['stopped listening 250 ms before its end', { ...GONE, stoppedListeningMs: 1010, exitMs: 1260 }, false],
  ['served on until SIGKILL', KILLED, false],
  ['died of SIGTERM', { ...GONE, exitMs: 1010, exitSignal: 'SIGTERM' }, false],
  ['lost its readiness before SIGTERM', { ...KILLED, sigtermMs: 4000, notReadyMs: 3000 }, false],
  [
    'says so itself, and has only stopped listening',
    { ...KILLED, listeningMs: -4100, stoppedListeningMs: 1010 },
    false,
  ],
  ['says so itself, and drains', { ...KILLED, listeningMs: -4100, drainingMs: 1001 }, true],
];

describe('a server', () => {
  for (const [what, timeline, expected] of DRAINED) {
    test(`that ${what} ${expected ? 'drained' : 'did not drain'}`, () => {
      assert.equal(drained(podLife(pod('old-1', timeline))), expected);
    });
  }
});

const OLD = { pod: 'old-1' };
const CAUSES: [what: string, timeline: Timeline, request: FailedRequest, cause: CauseId][] = [
  [
    'cut by SIGKILL, the server having ignored SIGTERM',
    KILLED,
    failed('reused wait closed', 5990, 6002, OLD),
    'no-graceful-shutdown',
  ],
  [
    'cut by SIGKILL, the server having stopped listening before',
    { ...KILLED, stoppedListeningMs: 1010 },
    failed('reused wait closed', 900, 6002, OLD),
    'grace-too-short',
  ],
  [
    'given up by the server itself after a deadline of its own, far from SIGKILL',
    { ...GONE, stoppedListeningMs: 1010, exitMs: 4000, exitCode: 1 },
    failed('fresh wait closed', 900, 4000, OLD),
    'no-graceful-shutdown',
  ],
  [
    'sent after SIGTERM, and still under way when the server gave up',
    { ...GONE, stoppedListeningMs: 1010, exitMs: 4000, exitCode: 0 },
    failed('reused wait closed', 3500, 4001, OLD),
    'no-graceful-shutdown',
  ],
  [
    'near miss: sent as the server ended, which may have crossed',
    { ...GONE, stoppedListeningMs: 1010, exitMs: 4000, exitCode: 0 },
    failed('reused wait closed', 3990, 4001, OLD),
    'keep-alive-race',
  ],
  [
    'cut at once by a server that lives on until SIGKILL',
    { ...KILLED, stoppedListeningMs: 1002 },
    failed('reused wait closed', 900, 1003, OLD),
    'no-graceful-shutdown',
  ],
  [
    'cut by an exit at once',
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
    'refused when no other pod was there',
    { ...GONE, stoppedListeningMs: 1010, exitMs: 4000, exitCode: 0 },
    failed('fresh connect ECONNREFUSED', 1500, 1501),
    'capacity',
  ],
];

describe('the cause of a request to it', () => {
  for (const [what, timeline, request, cause] of CAUSES) {
    test(`${what}: ${cause}`, () => {
      const others = cause === 'capacity' ? [] : [pod('new-1')];
      assert.equal(causeOf(request, history({ pods: [pod('old-1', timeline), ...others] })), cause);
    });
  }
});
