import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { podMoments, stageSpans } from '../../src/analysis/moments.ts';
import { podTimeline } from '../../src/analysis/pod-timeline.ts';
import { DELETED, failed, pod, type Story, succeeded, trace, view } from './story.ts';

/** "exit SIGKILL 6005": what is known of the story's first pod, in order. */
function told(story: Story): string[] {
  const whole = trace(story);
  const [first] = whole.cluster.pods;
  assert.ok(first);
  return podMoments(podTimeline(first), whole).map(({ id, detail, atMs }) =>
    [id, detail, atMs].filter(Boolean).join(' '),
  );
}

describe('the moments of a pod', () => {
  test('come in order of time, and say how it exited', () => {
    assert.deepEqual(told({ pods: [pod('old-1', DELETED.killedWhileDraining)], load: { successes: [] } }), [
      'created -5000',
      'ready -4000',
      'deletion 1000',
      'sigterm 1000',
      'draining 1001',
      'stopped-listening 1500',
      'sigkill 6000',
      'exit SIGKILL 6005',
    ]);
  });

  const removals: [what: string, views: string[], moments: string[]][] = [
    ['no router ever sent to it', ['a 0: old-2', 'a 2000: new-1'], []],
    [
      'each router drops it at its own time',
      ['a 0: old-1', 'b 0: old-1', 'b 1300: new-1', 'a 1700: new-1'],
      ['b 1300', 'a 1700'],
    ],
    ['a router that came back to it', ['a 0: old-1', 'a 1200:', 'a 1300: old-1', 'a 2000:'], ['a 2000']],
    ['a router that never dropped it', ['a 0: old-1', 'a 2000: old-1 new-1'], []],
  ];
  for (const [what, views, expected] of removals) {
    test(`endpoint removed: ${what}`, () => {
      const moments = told({ pods: [pod('old-1', DELETED.drained)], routerViews: views.map(view) });
      const seen = moments.filter((moment) => moment.startsWith('endpoint-removed'));
      assert.deepEqual(
        seen,
        expected.map((text) => `endpoint-removed ${text}`),
      );
    });
  }

  test('the last new connection may have been answered or not', () => {
    const last = (load: Story['load']) =>
      told({ pods: [pod('old-1', DELETED.drained)], ...(load ? { load } : {}) }).filter((m) => m.startsWith('last'));
    const refused = failed('fresh connect ECONNREFUSED', 1620, 1621, { pod: 'old-1' });
    assert.deepEqual(last({ successes: [succeeded(13, 1), succeeded(20, 1, 'new-1')], failures: [refused] }), [
      'last-new-connection 1620',
    ]);
    assert.deepEqual(last({ successes: [succeeded(17, 1)], failures: [refused] }), ['last-new-connection 1700']);
    assert.deepEqual(last({ successes: [succeeded(17, 1, 'old-1', 'keep-alive')] }), []);
    const kept = { newConnections: { 'old-1': { lastMs: 1733 }, 'new-1': { lastMs: 9000 } }, failures: [refused] };
    assert.deepEqual(last(kept), ['last-new-connection 1733'], 'as the load kept it');
  });

  test('of a pod that was not deleted leave out its exit at the end of the trial', () => {
    const stays = { readyMs: 100, notReadyMs: 12_800, exitMs: 12_900, exitSignal: 'SIGKILL' };
    assert.deepEqual(told({ pods: [pod('new-1', stays)] }), ['created -5000', 'ready 100']);
    assert.deepEqual(told({ pods: [pod('new-1', { readyMs: 100, exitMs: 900, exitCode: 1 })] }), [
      'created -5000',
      'ready 100',
      'exit 1 900',
    ]);
  });
});

describe('the stages of a pod', () => {
  const table: [what: string, timeline: Parameters<typeof pod>[1], parts: string[]][] = [
    ['that did not exit', {}, ['starting -5000 -4000', 'ready -4000 12000']],
    [
      'that drained',
      DELETED.drained,
      ['starting -5000 -4000', 'ready -4000 1000', 'leaving 1000 6000', 'stopping 6000 8000', 'finishing 8000 9000'],
    ],
    [
      'that got SIGTERM at its deletion',
      DELETED.ignoredSigterm,
      ['starting -5000 -4000', 'ready -4000 1000', 'stopping 1000 6005'],
    ],
    ['that was never ready', { readyMs: undefined as never, exitMs: -4400 }, ['starting -5000 -4400']],
  ];
  for (const [what, timeline, parts] of table) {
    test(what, () => {
      const spans = stageSpans(podTimeline(pod('old-1', timeline)), 12_000);
      assert.deepEqual(
        spans.map(({ stage, fromMs, toMs }) => `${stage} ${fromMs} ${toMs}`),
        parts,
      );
    });
  }
});
