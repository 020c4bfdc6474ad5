/** The precomputed spans give the same answers as asking each pod. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { podTimeline } from '../../src/analysis/pod-timeline.ts';
import { knownSpans, overlaps, unservedSpans } from '../../src/analysis/serving.ts';
import { servesAt } from '../../src/analysis/timeline.ts';
import { seededRandom } from '../../src/random.ts';
import { pod } from './story.ts';

const PODS = [
  ['none', []],
  ['one that ends', [pod('old-1', { readyMs: 10, exitMs: 50 })]],
  ['one that was never ready', [pod('old-1', { readyMs: undefined })]],
  ['two with a gap', [pod('old-1', { readyMs: 0, exitMs: 50 }), pod('new-1', { readyMs: 60 })]],
  ['one that begins as the other ends', [pod('old-1', { readyMs: 0, exitMs: 50 }), pod('new-1', { readyMs: 50 })]],
  ['two that overlap', [pod('old-1', { readyMs: 0, notReadyMs: 70 }), pod('new-1', { readyMs: 50, sigkillMs: 90 })]],
  ['one whose times run backwards', [pod('old-1', { readyMs: 60, exitMs: 20 })]],
] as const;

describe('the time in which no pod served', () => {
  for (const [what, records] of PODS) {
    test(`with pods: ${what}`, () => {
      const pods = records.map(podTimeline);
      const spans = unservedSpans(pods);
      for (let atMs = -10; atMs < 100; atMs++) {
        assert.equal(overlaps(spans, atMs, atMs), !pods.some((one) => servesAt(one, atMs)), `at ${atMs}`);
      }
    });
  }

  test('with downtimes, at any time', () => {
    const random = seededRandom(7);
    const ms = () => Math.floor(random.next() * 100);
    for (let round = 0; round < 200; round++) {
      const pods = [1, 2].map((index) => ({
        ...podTimeline(pod(`old-${index}`, { readyMs: ms(), exitMs: ms() })),
        downtimes: [1, 2].map(() => ({ fromMs: ms(), toMs: ms() })),
      }));
      const spans = unservedSpans(pods);
      for (let atMs = 0; atMs < 100; atMs++) {
        assert.equal(overlaps(spans, atMs, atMs), !pods.some((one) => servesAt(one, atMs)), `${round} at ${atMs}`);
      }
    }
  });
});

test('a router knows a pod from the view that contains it until the next that does not', () => {
  const view = (router: string, atMs: number, pods: string[]) => ({ router, atMs, pods });
  const views = [
    view('a', 1, ['x']),
    view('b', 2, ['x', 'y']),
    view('a', 3, ['x', 'y']),
    view('a', 5, []),
    view('a', 9, ['x']),
  ];
  assert.deepEqual(Object.fromEntries(knownSpans(views)), {
    x: [
      { fromMs: 1, toMs: 5 },
      { fromMs: 2, toMs: Number.POSITIVE_INFINITY },
      { fromMs: 9, toMs: Number.POSITIVE_INFINITY },
    ],
    y: [
      { fromMs: 2, toMs: Number.POSITIVE_INFINITY },
      { fromMs: 3, toMs: 5 },
    ],
  });
});
