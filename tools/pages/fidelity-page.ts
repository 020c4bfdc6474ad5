/** docs/fidelity.md: compares the committed results of the local cluster with those of a real one. */
import type { TrialResult } from '../../src/analysis/result.ts';
import { projectFile } from '../../src/project-file.ts';
import { count, counted, percent } from '../../src/report/format.ts';
import { rolledName } from '../../src/report/names.ts';
import { readRun } from '../../src/results/read-run.ts';
import { eventsPart } from './fidelity-events.ts';
import { breaks, type Pair, pairs, perPod, spread, withinFactor } from './fidelity-figures.ts';
import { gatewaysPart } from './fidelity-gateways.ts';
import { GENERATED, paragraphs } from './markdown.ts';

const FOLDERS = { local: 'docs/results/local', kubernetes: 'docs/results/kubernetes' };

export function fidelityPage(): string {
  const trialsIn = (folder: string) => readRun(projectFile(folder)).trials;
  return renderFidelity(trialsIn(FOLDERS.local), trialsIn(FOLDERS.kubernetes), [...gatewaysPart(), ...eventsPart()]);
}

/** The page for these results; trials that are not valid are left out, and counted. */
export function renderFidelity(
  local: readonly TrialResult[],
  kubernetes: readonly TrialResult[],
  more: readonly string[] = [],
): string {
  const valid = (trials: readonly TrialResult[]) => trials.filter((trial) => trial.valid);
  const left = local.length + kubernetes.length - valid(local).length - valid(kubernetes).length;
  const rows = pairs(valid(local), valid(kubernetes));
  const agree = rows.filter(({ here, there }) => breaks(here) === breaks(there)).length;
  const near = rows.filter(({ here, there }) => withinFactor(perPod(here), perPod(there), 2)).length;
  return paragraphs([
    '# Fidelity: the local cluster and a real one',
    GENERATED,
    `How closely the local cluster matches a real one. Both ran the same overlays with the same request mix. The local cluster used the builtin load. The real cluster (two nodes, Kubernetes 1.34, kube-proxy with iptables) used k6 in a Job. \`npm run fidelity\` measures both, the real one on the current context, and writes this page from [${FOLDERS.local}](results/local/result.json) and [${FOLDERS.kubernetes}](results/kubernetes/result.json).`,
    `**${agree} of ${rows.length} verdicts (breaks requests or not) are the same. In ${near} overlays, the failed requests per pod replaced differ by at most a factor of two.**${left > 0 ? ` ${left} trials were not valid and are left out.` : ''}`,
    table(rows),
    onCluster(rows),
    `What the columns mean:

- **failed per pod**: failed requests per pod replaced, the mean over the rollouts, with the smallest and the largest in brackets.
- **explained**: the share of failures with the cause that the missing fix removes. For \`without-pre-stop\` the keep-alive race counts too, because the same fix removes it.
- **lag**: the longest time from the deletion of a pod to the last new connection that reached it while another pod was ready. On the real cluster a refused connection does not count, because nobody sees which pod refused it.`,
    '**Why `without-replicas` differs.** The real cluster breaks fewer requests. While requests hang, k6 adds virtual users and drops the arrivals of that time ([decision 4](decisions/0004-dropped-arrivals.md)). The builtin load drops none. Under k6 the local cluster breaks fewer too ([results/local-k6](results/local-k6/result.json)).',
    ...more,
  ]);
}

function table(rows: readonly Pair[]): string {
  const lines = rows.map(({ runtime, variant, here, there }) => {
    const cells = [here, there].flatMap((trials) => [spread(trials), explained(trials, variant), lag(trials)]);
    return `| ${variant}-${runtime} | ${cells.join(' | ')} |`;
  });
  return [
    '| overlay | local: failed per pod | local: explained | local: lag | real: failed per pod | real: explained | real: lag |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

/** The sums over the real cluster's trials. */
function onCluster(rows: readonly Pair[]): string {
  const sum = (trials: readonly TrialResult[], value: (trial: TrialResult) => number) =>
    trials.reduce((total, trial) => total + value(trial), 0);
  const clean = rows
    .filter(({ variant }) => variant === 'valid')
    .map(({ runtime, there }) => {
      const [failed, requests] = [sum(there, ({ failed }) => failed), sum(there, ({ requests }) => requests)];
      return `${rolledName({ runtime })} ${count(failed)} of ${count(requests)} requests in ${counted(there.length, 'rollout')}`;
    });
  const all = rows.flatMap(({ there }) => there);
  const [unexplained, failed] = [sum(all, ({ causes }) => causes.unexplained), sum(all, (trial) => trial.failed)];
  return `On the real cluster, failed requests of the valid variants: ${clean.join(', ')}. The other variants broke ${count(failed)} requests, of which ${count(unexplained)} are unexplained (${percent(unexplained / Math.max(1, failed))}).`;
}

const CAUSES_OF: Record<string, readonly (keyof TrialResult['causes'])[]> = {
  'without-replicas': ['capacity'],
  'without-graceful-shutdown': ['no-graceful-shutdown'],
  'without-grace-period': ['grace-too-short'],
  'without-pre-stop': ['routing-lag', 'keep-alive-race'],
};

function explained(trials: readonly TrialResult[], variant: string): string {
  const wanted = CAUSES_OF[variant];
  const failed = trials.reduce((sum, trial) => sum + trial.failed, 0);
  if (!wanted || failed === 0) return '';
  const hit = trials.reduce((sum, { causes }) => sum + wanted.reduce((of, cause) => of + causes[cause], 0), 0);
  return percent(hit / failed);
}

function lag(trials: readonly TrialResult[]): string {
  const lags = trials.flatMap(({ routingLagMs }) => routingLagMs ?? []);
  return lags.length === 0 ? '' : `${(Math.max(...lags) / 1000).toFixed(2)} s`;
}
