import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { frameOf, timeWindow } from '../../src/report/picture/frame.ts';
import { packing } from '../../src/report/picture/marks.ts';
import { timeline } from '../../src/report/picture/timeline.ts';
import { barWidthMs } from '../../src/report/picture/traffic.ts';
import type { Trace } from '../../src/trace/trace.ts';
import { DELETED, failed, pod, succeeded, trace, view } from '../analysis/story.ts';
import { refused } from './reported.ts';

/** How many marks the picture has. Each outline ends with a z. */
function markCount(svg: string): number {
  const paths = [...svg.matchAll(/<path class="c-[^"]*" d="([^"]*)"/g)].map((match) => match[1] ?? '');
  return paths.reduce((sum, path) => sum + path.split('z').length - 1, 0);
}

function withFailures(howMany: number, perSecond: number): Trace {
  return trace({ load: { failures: refused(howMany, perSecond) } });
}

describe('a timeline', () => {
  test('has a lane for each pod, old ones first, with signs and times', () => {
    const svg = timeline(
      trace({
        pods: [pod('app-new-2', { createdMs: 500, readyMs: 900 }), pod('app-old-1', DELETED.drained)].map((p) => ({
          ...p,
          generation: p.name.includes('old') ? 'old' : 'new',
        })),
        routerViews: [view('a 0: app-old-1'), view('a 1600: app-new-2')],
      }),
    ).svg.toString();
    const lanes = [...svg.matchAll(/<text class="times"[^>]*>(.*?)<\/text>/g)].map((match) =>
      (match[1] ?? '').replaceAll(/<[^>]*>/g, ''),
    );
    assert.equal(lanes.length, 2);
    assert.match(lanes[0] ?? '', /^old-1: .*deletion requested 0\.00 · removed from a 0\.60 · preStop ended 5\.00/);
    assert.match(lanes[1] ?? '', /^new-2: created −0\.50 · ready −0\.10$/);
    for (const title of ['removed from a, 0.60 s', 'SIGTERM, 5.00 s', 'stopped listening, 7.00 s', 'exit 0, 8.00 s']) {
      assert.ok(svg.includes(`<title>${title}</title>`), title);
    }
  });

  for (const howMany of [1, 2, 40, 300, 900]) {
    test(`has a mark for each of ${howMany} broken requests`, () => {
      const { svg, note } = timeline(withFailures(howMany, 300));
      assert.equal(markCount(svg.toString()), howMany);
      assert.equal(note, 'Each mark is one broken request.');
    });
  }

  test('says how many requests a mark stands for if there are too many', () => {
    const { svg, note } = timeline(withFailures(10_000, 2000));
    const stands = Number(/up to (\d+) broken/.exec(note ?? '')?.[1]);
    assert.ok(stands > 1);
    const marks = markCount(svg.toString());
    assert.ok(marks * stands >= 10_000 && marks < 10_000, `${marks} marks of up to ${stands}`);
    assert.match(svg.toString(), /aria-label="10,000 broken requests, /);
  });

  test('gives marks the colours of their causes', () => {
    const cut = failed('reused receive closed', 5800, 6002, { pod: 'old-1' });
    const pods = [pod('old-1', DELETED.killedWhileDraining), pod('new-1')];
    const svg = timeline(trace({ pods, load: { failures: [...refused(3, 100), cut] } })).svg.toString();
    const causes = [...svg.matchAll(/<path class="c-([^"]*)"/g)].map((match) => match[1]);
    assert.deepEqual(causes, ['routing-lag', 'grace-too-short']);
    assert.match(svg, /<title>1 × grace period too short, started 4\.8 to 5\.0 s: reused receive closed<\/title>/);
  });

  test('counts from the start of the load in a control', () => {
    const svg = timeline(trace({ rolloutMs: undefined, pods: [pod('old-1')] })).svg.toString();
    assert.doesNotMatch(svg, /rollout begins/);
    assert.match(svg, /seconds after the beginning of the load/);
  });

  test('is no larger for 1,000,000 requests over 40 minutes with 10,000 failures', () => {
    const successes = Array.from({ length: 24_000 }, (_, bucket) =>
      succeeded(bucket, 41, bucket % 2 ? 'old-1' : 'new-1'),
    );
    const long = trace({ loadStopMs: 2_400_000, load: { successes, failures: refused(10_000, 5) } });
    const svg = timeline(long).svg.toString();
    assert.ok(svg.length < 200_000, `${svg.length}`);
    assert.match(svg, /Requests answered per 10 s/);
  });
});

describe('the space of a picture', () => {
  const bars: [lengthMs: number, barMs: number][] = [
    [10_000, 100],
    [48_000, 100],
    [48_001, 200],
    [200_000, 500],
    [2_400_000, 5000],
  ];
  for (const [lengthMs, barMs] of bars) {
    test(`${lengthMs} ms are drawn in bars of ${barMs} ms`, () => assert.equal(barWidthMs(lengthMs), barMs));
  }

  test('marks are as large as the highest column allows', () => {
    const sizes = [1, 18, 80, 100, 200].map((most) => packing(most, 14).cellPx);
    assert.deepEqual(
      sizes,
      [...sizes].sort((a, b) => b - a),
    );
    assert.equal(packing(1, 14).perMark, 1);
    assert.ok(packing(100_000, 14).perMark > 100);
  });

  test('pictures of equal length share a scale', () => {
    const short = timeWindow(trace({ loadStopMs: 6000 }));
    const frame = frameOf(short, 20_000);
    assert.equal(frame.toMs - frame.fromMs, 20_000);
    assert.equal(frame.x(short.fromMs - 1000), frame.x(short.fromMs), 'what came before is at the edge');
    assert.deepEqual(
      frame.ticks.map((tick) => tick.label).slice(0, 2),
      ['−2 s', '0 s'].map((label) => label.replace('−', '-')),
    );
  });
});
