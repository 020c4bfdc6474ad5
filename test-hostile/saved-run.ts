/** A small valid run, saved, to be corrupted: a control, and a rollout with some failed requests. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { analyse } from '../src/analysis/result.ts';
import { measuredRun, resultOf } from '../src/results/run.ts';
import { emptyHistogram, encodeHistogram, recordMs } from '../src/trace/histogram.ts';
import { Trace } from '../src/trace/trace.ts';
import { PROJECT } from '../test/cli/program.ts';

const SAVED = join(PROJECT, 'docs/results/local/traces/without-replicas-node-1.json');
const KEPT_FAILURES = 3;
const KEPT_SUCCESSES = 10;
const KEPT_VIEWS = 6;
const RUN = 'run-1';

/** A trace of a user's own service, so that advice is given. */
export function goodTrace(): Trace {
  const { load, trial, cluster, ...rest } = Trace.parse(JSON.parse(readFileSync(SAVED, 'utf8')));
  return {
    ...rest,
    trial: { ...trial, runtime: 'own', variant: 'own', run: RUN },
    cluster: { ...cluster, routerViews: cluster.routerViews.slice(0, KEPT_VIEWS), events: cluster.events.slice(0, 3) },
    load: {
      ...load,
      failures: load.failures.slice(0, KEPT_FAILURES),
      successes: load.successes.slice(0, KEPT_SUCCESSES),
      latency: { fresh: smallHistogram() },
      lateness: smallHistogram(),
    },
  };
}

export function smallHistogram(): string {
  const histogram = emptyHistogram();
  for (const ms of [0.2, 0.5, 0.9]) recordMs(histogram, ms);
  return encodeHistogram(histogram);
}

export function goodControl(): Trace {
  const { disruption: _, ...trace } = goodTrace();
  return {
    ...trace,
    trial: { ...trace.trial, variant: 'control' },
    load: { ...trace.load, failures: [] },
  };
}

export interface SavedRun {
  result: ReturnType<typeof resultOf>;
  rollout: Trace;
  control: Trace;
}

export function goodRun(): SavedRun {
  const [rollout, control] = [goodTrace(), goodControl()];
  const measured = [control, rollout].map((trace) => ({ trace, result: analyse(trace) }));
  return { result: resultOf(measuredRun({ id: RUN, kind: 'own-service', maxFailed: 0 }, measured)), rollout, control };
}

/** What loadtest.js writes when it is run manually. */
export function goodSummary() {
  return {
    format: 'k8s-rollout-test/k6-summary/1',
    runtime: 'bun',
    variant: 'valid',
    requests: 1000,
    failed: 0,
    dropped: 0,
    hiddenRetries: 0,
    connectionReuse: 0.9,
    scenarios: [{ name: 'fresh', failed: 0, latencyMs: { p50: 1, p99: 2, max: 3 } }],
  };
}

/** A folder that is removed after the test. */
export function emptyFolder(t: Pick<TestContext, 'after'>): string {
  const dir = mkdtempSync(join(tmpdir(), 'hostile-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A folder with a valid run. */
export function savedFolder(t: Pick<TestContext, 'after'>, { result, rollout, control }: SavedRun = goodRun()): string {
  const dir = emptyFolder(t);
  mkdirSync(join(dir, 'traces'));
  writeFileSync(join(dir, 'result.json'), JSON.stringify(result));
  writeFileSync(join(dir, 'traces', 'rollout-1.json'), JSON.stringify(rollout));
  writeFileSync(join(dir, 'traces', 'control-1.json'), JSON.stringify(control));
  return dir;
}
