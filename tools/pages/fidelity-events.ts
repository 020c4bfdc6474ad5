/** The part of docs/fidelity.md about everything but a rollout of the overlays. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { TrialResult } from '../../src/analysis/result.ts';
import { count, rate } from '../../src/report/format.ts';
import { readRun } from '../../src/results/read-run.ts';
import { OWN } from '../../src/results/trial-name.ts';
import { CONTROL } from '../../src/trace/controls.ts';
import { MEASUREMENTS, type Measurement, PLACES, resultFile, WORKLOADS } from '../events/measurements.ts';

interface Row {
  what: string;
  variant: string;
  local: readonly TrialResult[];
  real: readonly TrialResult[];
}

/** Empty before anything was measured on both clusters. */
export function eventsPart(): string[] {
  const rows = MEASUREMENTS.flatMap(rowsOf);
  if (rows.length === 0) return [];
  const same = rows.filter(({ local, real }) => breaks(local) === breaks(real)).length;
  const near = rows.filter(({ local, real }) => isNear(failed(local), failed(real))).length;
  return [
    '## Other events and other workloads',
    'What is done to the pods besides a rolling update ([--event](commands.md)), and the rollouts of a StatefulSet, a DaemonSet and pods with two containers. `valid` and `without-pre-stop` are the overlays on Node. `server` is a server that exits at once on SIGTERM ([deployment.yaml](../tools/events/deployment.yaml)). Both clusters got 150 requests per second from the builtin load on this machine. A measurement in which a pod lost its readiness that the event did not touch does not count. `npm run fidelity:events -- local` and `npm run fidelity:events -- kubernetes` measure all of it.',
    `**${same} of ${rows.length} verdicts are the same. In ${near} rows, the failed requests (the mean over the repeats) differ by at most a factor of two.**`,
    'Each figure is the mean over the repeats, with the smallest and the largest number of failed requests in brackets. One terminating pod breaks few requests, and how many depends on where in a second of the routers its deletion falls. So the rows with few failures differ most.',
    [
      '| what is done | to | local: failed of exposed | real: failed of exposed |',
      '| --- | --- | --- | --- |',
      ...rows.map(({ what, variant, local, real }) => `| ${what} | ${variant} | ${counts(local)} | ${counts(real)} |`),
    ].join('\n'),
  ];
}

function rowsOf(measurement: Measurement): Row[] {
  const [local, real] = PLACES.map((place) => trialsIn(resultFile(measurement, place)));
  if (!local || !real) return [];
  const variants = [...new Set(local.map(({ variant }) => variant))].filter((variant) => variant !== CONTROL);
  const { event, workload } = measurement;
  return variants.map((variant) => {
    const of = (trials: readonly TrialResult[]) => trials.filter((trial) => trial.variant === variant && trial.valid);
    const to = variant === OWN && workload ? WORKLOADS[workload].what : variant;
    return { what: event, variant: to, local: of(local), real: of(real) };
  });
}

function trialsIn(file: string): readonly TrialResult[] | undefined {
  return existsSync(file) ? readRun(dirname(file)).trials : undefined;
}

function failed(trials: readonly TrialResult[]): number {
  return trials.reduce((sum, trial) => sum + trial.failed, 0) / Math.max(1, trials.length);
}

function breaks(trials: readonly TrialResult[]): boolean {
  return failed(trials) > 0;
}

function isNear(a: number, b: number): boolean {
  return a === 0 || b === 0 ? a === b : Math.max(a, b) / Math.min(a, b) <= 2;
}

/** The mean over the repeats, with the smallest and the largest number of failed requests. */
function counts(trials: readonly TrialResult[]): string {
  if (trials.length === 0) return 'invalid';
  const all = trials.map((trial) => trial.failed);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const exposed = trials.reduce((sum, trial) => sum + trial.exposed, 0) / trials.length;
  const mean = least === most ? count(least) : `${rate(failed(trials))} (${count(least)}–${count(most)})`;
  return `${mean} of ${count(Math.round(exposed))}`;
}
