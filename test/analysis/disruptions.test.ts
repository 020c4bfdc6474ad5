/** The analysis of everything but a rollout: what is valid, which requests are exposed, and what broke them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { advise } from '../../src/analysis/advice.ts';
import { exposure } from '../../src/analysis/exposure.ts';
import { analyse } from '../../src/analysis/result.ts';
import { invalidReasons } from '../../src/analysis/validity.ts';
import { DELETED, failed, killedPod, pod, type Story, succeeded, trace } from './story.ts';

const STAYS = pod('old-9');
const restart = (pods = [killedPod('old-1', 2000, 3500), STAYS], story: Story = {}): Story => ({
  disruption: { kind: 'restart' },
  pods,
  ...story,
});
const badVersion = (
  pods = [STAYS, pod('new-1', { createdMs: 1100, readyMs: undefined, deletionMs: 5000 })],
): Story => ({
  disruption: { kind: 'bad-version', undoneMs: 5000, completeMs: 6000 },
  pods,
});
const one = (kind: 'scale-down' | 'drain' | 'evict' | 'delete-pod' | 'rollback'): Story => ({
  disruption: { kind },
  pods: [pod('old-1', DELETED.drained), STAYS],
});

describe('a trial', () => {
  const table: [what: string, story: Story, reasons: string[]][] = [
    ['of a scale-down: the pods that stay do not count', one('scale-down'), []],
    [
      'of an eviction without an evicted pod',
      { ...one('evict'), pods: [STAYS] },
      ['no complete eviction was observed'],
    ],
    [
      'of a drain whose pod is still there',
      { ...one('drain'), pods: [pod('old-1', { deletionMs: 2000 })] },
      ['no complete drain was observed'],
    ],
    ['of a restart', restart(), []],
    ['of a restart that was not seen', restart([STAYS]), ['no complete restart was observed']],
    ['of a restart that did not come back', restart([killedPod('old-1', 2000)]), ['no complete restart was observed']],
    [
      'of a restart: one before it does not count',
      restart([killedPod('old-1', 500, 900)]),
      ['no complete restart was observed'],
    ],
    ['of a bad version', badVersion(), []],
    ['of a bad version without a pod', badVersion([STAYS]), ['no pod of the bad version was observed']],
    [
      'of a bad version that became ready',
      badVersion([STAYS, pod('new-1', { createdMs: 1100, readyMs: 2000 })]),
      ['a pod of the bad version became ready'],
    ],
    [
      'of a bad version: a good pod that replaces a missing one after the undoing',
      badVersion([...(badVersion().pods ?? []), pod('new-2', { createdMs: 5200, readyMs: 5900 })]),
      [],
    ],
    [
      'in which a request failed before it',
      { ...one('drain'), load: { failures: [failed('fresh connect ECONNREFUSED', 900, 901)] } },
      ['1 request failed before the drain began'],
    ],
  ];
  for (const [what, story, reasons] of table) {
    test(`${what}: ${reasons.length === 0 ? 'valid' : 'invalid'}`, () => {
      assert.deepEqual(invalidReasons(trace(story)), reasons);
    });
  }
});

describe('requests are exposed', () => {
  const table: [what: string, story: Story, span: [fromMs: number, toMs: number] | undefined][] = [
    ['to a deletion, from it to the exit', one('delete-pod'), [1000, 9000]],
    ['to a restart, from the kill until the container is ready again', restart(), [1000, 3500]],
    ['to no restart, if none was seen', restart([STAYS]), undefined],
    ['to a bad version, while it is there', badVersion(), [1000, 6000]],
    [
      'to a bad version, until the pods that it deleted are gone',
      badVersion([pod('old-1', DELETED.drained), ...(badVersion().pods ?? [])]),
      [1000, 9000],
    ],
  ];
  for (const [what, story, span] of table) {
    test(what, () => {
      const { fromMs, toMs } = exposure(trace(story)) ?? {};
      assert.deepEqual(fromMs === undefined ? undefined : [fromMs, toMs], span);
    });
  }
});

describe('a killed container breaks', () => {
  const table: [what: string, request: ReturnType<typeof failed>, cause: string][] = [
    ['a request in flight', failed('reused receive closed', 1800, 2001, { pod: 'old-1' }), 'unexplained'],
    [
      'a request in flight without a byte',
      failed('fresh wait ECONNRESET', 1990, 2003, { pod: 'old-1' }),
      'unexplained',
    ],
    ['a request that crosses the kill', failed('reused wait closed', 1999, 2000, { pod: 'old-1' }), 'unexplained'],
    ['a new connection', failed('fresh connect ECONNREFUSED', 2500, 2501, { pod: 'old-1' }), 'not-ready'],
    ['a request behind a Service, in flight', failed('reused wait closed', 1900, 2001), 'unexplained'],
    ['a new connection behind a Service', failed('fresh connect ECONNREFUSED', 2500, 2501), 'not-ready'],
    ['nothing on another pod', failed('reused wait closed', 1999, 2000, { pod: 'old-9' }), 'keep-alive-race'],
  ];
  for (const [what, request, cause] of table) {
    test(`${what}: ${cause}`, () => {
      const routerViews = [{ router: 'node1', atMs: 0, pods: ['old-1', 'old-9'] }];
      const { causes } = analyse(trace(restart(undefined, { routerViews, load: { failures: [request] } })));
      assert.deepEqual(
        Object.entries(causes).filter(([, count]) => count > 0),
        [[cause, 1]],
      );
    });
  }

  test('and nothing in the manifest would have prevented it', () => {
    const failures = [
      failed('reused receive closed', 1800, 2001, { pod: 'old-1' }),
      failed('fresh connect ECONNREFUSED', 2500, 2501, { pod: 'old-1' }),
    ];
    assert.deepEqual(advise([trace(restart(undefined, { load: { failures } }))]).changes, []);
  });

  test('the only pod: capacity', () => {
    const pods = [killedPod('old-1', 2000, 3500)];
    const failures = [failed('fresh connect ECONNREFUSED', 2500, 2501, { pod: 'old-1' })];
    const { causes, podsReplaced, rolloutMs } = analyse(trace(restart(pods, { load: { failures } })));
    assert.deepEqual([causes.capacity, podsReplaced, rolloutMs], [1, 1, 2500]);
  });
});

test('a result names the event and its parameters', () => {
  const drained = analyse(
    trace({ ...one('drain'), disruption: { kind: 'drain', node: 'node1', refusedEvictions: 2 } }),
  );
  assert.deepEqual(
    [drained.disruption, drained.node, drained.refusedEvictions, drained.podsReplaced],
    ['drain', 'node1', 2, 1],
  );
  const scaled = analyse(trace({ ...one('scale-down'), disruption: { kind: 'scale-down', replicas: 1 } }));
  assert.deepEqual([scaled.disruption, scaled.scaledTo], ['scale-down', 1]);
  const bad = analyse(trace({ ...badVersion(), load: { successes: [succeeded(20, 50)] } }));
  assert.deepEqual([bad.exposed, bad.failed, bad.podsReplaced, bad.rolloutMs], [50, 0, 0, 5000]);
});
