/** The result folder of a full matrix, made from stories: 21 trials, with broken requests of every cause. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { RUNTIMES, VARIANTS } from '../src/manifests/overlays.ts';
import { saveRun } from '../src/report/save-run.ts';
import { ResultFolder } from '../src/results/folder.ts';
import { readRun } from '../src/results/read-run.ts';
import { emptyHistogram, encodeHistogram, recordMs } from '../src/trace/histogram.ts';
import type { FailedRequest } from '../src/trace/load-record.ts';
import type { Trace } from '../src/trace/trace.ts';
import { DELETED, failed, pod, succeeded, view } from '../test/analysis/story.ts';
import { refused, told } from '../test/report/reported.ts';

/** The path of the report on all these traces. */
export function reportOf(traces: readonly Trace[]): { dir: string; page: string } {
  const dir = mkdtempSync(join(tmpdir(), 'browser-'));
  after(() => rmSync(dir, { recursive: true }));
  const folder = ResultFolder.forRun(dir);
  for (const trace of traces) folder.addTrace(trace);
  return { dir, page: saveRun(folder, readRun(dir)) };
}

export function fullMatrix(): Trace[] {
  return RUNTIMES.flatMap((runtime) => [...VARIANTS, 'control'].map((variant) => trial(runtime, variant)));
}

function trial(runtime: string, variant: string): Trace {
  const control = variant === 'control';
  const pods = [
    pod('app-old-1', { ...(control ? {} : DELETED.drained), generation: 'old' }),
    pod('app-old-2', { ...(control ? {} : DELETED.killedWhileDraining), generation: 'old' }),
    ...(control ? [] : [pod('app-new-3', { createdMs: 500, startedMs: 700, readyMs: 1000, generation: 'new' })]),
  ];
  const histogram = emptyHistogram();
  for (let ms = 1; ms < 50; ms++) recordMs(histogram, ms);
  const latency = { fresh: encodeHistogram(histogram), slow: encodeHistogram(histogram) };
  const successes = Array.from({ length: 120 }, (_, bucket) =>
    succeeded(bucket, 30 + (bucket % 7), bucket < 20 ? 'app-old-1' : 'app-new-3'),
  );
  return told(
    { runtime, variant },
    {
      pods,
      routerViews: ['node1 0: app-old-1 app-old-2', 'node1 1300: app-new-3', 'node2 0: app-old-1', 'node2 1700:'].map(
        view,
      ),
      ...(control ? { rolloutMs: undefined } : {}),
      load: { successes, latency, failures: variant === 'valid' || control ? [] : broken(), connectionReuse: 0.98 },
    },
  );
}

function broken(): FailedRequest[] {
  return [
    ...refused(25, 40, 'app-old-1'),
    failed('reused receive closed', 5800, 6002, { pod: 'app-old-2', scenario: 'slow' }),
    failed('reused wait closed', 7990, 8001, { pod: 'app-old-1', scenario: 'keep-alive' }),
    failed('fresh wait timeout', 9000, 9900, { detail: '<b>1050</b> & "more"' }),
  ];
}
