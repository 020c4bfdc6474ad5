/** The part of docs/fidelity.md about trials through gateways. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CauseId, causeById } from '../../src/analysis/causes.ts';
import type { TrialResult } from '../../src/analysis/result.ts';
import { projectFile } from '../../src/project-file.ts';
import { count, percent } from '../../src/report/format.ts';
import { alternatives } from '../../src/report/undecided.ts';
import { readRun } from '../../src/results/read-run.ts';
import { BEHIND_CONTOUR, fidelityMeasurements, type Place } from '../gateways/fidelity-measurements.ts';
import { type Measurement, resultFolder } from '../gateways/measurements.ts';
import { breaks, type Pair, pairs, perPod, spread, withinFactor } from './fidelity-figures.ts';
import { sumOf, titleOf } from './gateway-figures.ts';

/** Empty before anything was measured on both clusters. */
export function gatewaysPart(): string[] {
  const local = trialsOn('local');
  return [...renderGateways(local, trialsOn('kubernetes')), ...renderController(local, trialsOf(BEHIND_CONTOUR))];
}

/** The local Envoy beside the controller that it is told of endpoints like. */
export function renderController(local: readonly TrialResult[], contour: readonly TrialResult[]): string[] {
  const envoy = local.filter(({ through, valid }) => through === 'envoy' && valid);
  const rows = pairs(
    envoy,
    contour.filter(({ valid }) => valid).map((trial) => ({ ...trial, through: 'envoy' })),
  );
  if (rows.length === 0) return [];
  const agree = rows.filter(({ here, there }) => breaks(here) === breaks(there)).length;
  return [
    `**A controller itself.** The local Envoy learns of endpoints as Contour tells it. Beside it, Contour with Envoy ${contour[0]?.gateway?.version}, installed on the real cluster and reached by its IngressClass; its access log is read. ${agree} of ${rows.length} verdicts are the same. Without a preStop hook, more requests break behind Contour than behind the local Envoy. Why was not measured; by its source, Contour passes each EndpointSlice on at once. \`npm run fidelity:gateways -- contour\` measures it on a cluster that has Contour.`,
    [
      '| overlay | local Envoy: failed per pod | Contour: failed per pod | Contour: unexplained |',
      '| --- | --- | --- | --- |',
      ...rows.map(
        ({ variant, runtime, here, there }) =>
          `| ${variant}-${runtime} | ${spread(here)} | ${spread(there)} | ${unexplained(there)} |`,
      ),
    ].join('\n'),
  ];
}

/** The part for these results; trials that are not valid are left out, and counted. */
export function renderGateways(local: readonly TrialResult[], kubernetes: readonly TrialResult[]): string[] {
  const valid = (trials: readonly TrialResult[]) => trials.filter((trial) => trial.valid);
  const rows = pairs(valid(local), valid(kubernetes));
  if (rows.length === 0) return [];
  const agree = rows.filter(({ here, there }) => breaks(here) === breaks(there)).length;
  const near = rows.filter(({ here, there }) => withinFactor(perPod(here), perPod(there), 2)).length;
  const left = local.length + kubernetes.length - valid(local).length - valid(kubernetes).length;
  return [
    '## Behind gateways',
    "The same overlays [behind gateways](gateways.md), with 200 requests per second, GET and POST. On the real cluster Traefik runs its own Kubernetes provider and Envoy a script that watches EndpointSlices; nginx, HAProxy and Caddy are reverse proxies before the Service's address, on both clusters. `npm run fidelity:gateways -- local` and `npm run fidelity:gateways -- kubernetes` measure all of it.",
    `**${agree} of ${rows.length} verdicts are the same. In ${near} rows, the failed requests per pod replaced differ by at most a factor of two.**${left > 0 ? ` ${left} trials were not valid and are left out.` : ''}`,
    [
      '| gateway | overlay | local: failed per pod | local: unexplained | real: failed per pod | real: unexplained |',
      '| --- | --- | --- | --- | --- | --- |',
      ...rows.map(tableRow),
    ].join('\n'),
    "**Refused connections.** HAProxy retries only those, a second later. On the real cluster the kernel refuses a connection to a pod that no longer listens. On this machine the Service's address is a TCP proxy, which closes its port for the same share of the time ([decision 23](decisions/0023-gateways.md)). A connection that waits to be accepted at that moment is reset, and HAProxy does not retry it. Without a preStop hook, few requests break behind it on either cluster, and their number varies by chance. Its health check opens a connection every 2 s; if three in a row are refused, HAProxy answers 503 until two have succeeded. That is rare, and then breaks hundreds of requests: it happened in one of the 39 rollouts without a preStop hook here, and in none of 39 there.",
    "**A pod that is gone.** For about a second, routers still send new connections to the address of a pod that is gone, and nobody answers. nginx waits for such a connection until the client gives up. Caddy does not: Go's HTTP client gives a request that waits for a connection any other one that becomes free, so it is answered when the new pod serves. The local cluster does the same for it.",
    "**What is unexplained.** nginx and Caddy do not log whether a connection to the Service's address was new. If it was reset just as its pod closed its port, that was routing lag on a new connection, and a keep-alive race on a used one. The error does not tell the two apart: a connection that waits to be accepted is reset, and so is a used one with an unread request. The fix of the overlays, a preStop sleep with a drain delay, removes both. On this machine the proxy in between saw which it was.",
  ];
}

function tableRow({ through, variant, runtime, here, there }: Pair): string {
  const cells = [here, there].flatMap((trials) => [spread(trials), unexplained(trials)]);
  return `| ${titleOf(through.replace(/-service$/, ''))} | ${variant}-${runtime} | ${cells.join(' | ')} |`;
}

function unexplained(trials: readonly TrialResult[]): string {
  const [failed, open] = [sumOf(trials, (trial) => trial.failed), sumOf(trials, ({ causes }) => causes.unexplained)];
  if (failed === 0 || open === 0) return '';
  const choices = new Set(trials.flatMap(({ undecided = [] }) => undecided.map(({ causes }) => namesOf(causes))));
  const share = `${count(open)} of ${count(failed)} (${percent(open / failed)})`;
  return choices.size === 0 ? share : `${share}: ${[...choices].join('; ')}`;
}

function namesOf(causes: readonly CauseId[]): string {
  return alternatives(causes.map((id) => causeById(id).name));
}

function trialsOn(place: Place): readonly TrialResult[] {
  return fidelityMeasurements(place).flatMap(trialsOf);
}

/** None before it was measured. */
function trialsOf(measurement: Measurement): readonly TrialResult[] {
  const folder = join(dirname(projectFile('package.json')), resultFolder(measurement));
  return existsSync(join(folder, 'result.json')) ? readRun(folder).trials : [];
}
