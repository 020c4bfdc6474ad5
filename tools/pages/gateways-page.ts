/** docs/gateways.md: what a rolling update breaks behind each gateway, and what each fix is worth there. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TrialResult } from '../../src/analysis/result.ts';
import { GATEWAYS, gatewayNamed } from '../../src/gateways/registry.ts';
import { projectFile } from '../../src/project-file.ts';
import { count, rate } from '../../src/report/format.ts';
import { rolledName, rolledTitle, variantName } from '../../src/report/names.ts';
import { inColumnOrder, inRowOrder } from '../../src/report/summary.ts';
import { readRun } from '../../src/results/read-run.ts';
import { DIRECT } from '../../src/trace/trace.ts';
import {
  DEFAULTS,
  type Measurement,
  ONE_REPLICA,
  RETRIES,
  recommended,
  recommendedWay,
  resultFolder,
  settingsFile,
  withRetries,
} from '../gateways/measurements.ts';
import { causesIn, failedOf, lagOf, lostBy, sumOf, titleOf } from './gateway-figures.ts';
import { GENERATED, paragraphs } from './markdown.ts';

export function gatewaysPage(): string {
  const defaults = trialsOf(DEFAULTS);
  return paragraphs([
    '# Behind a gateway',
    GENERATED,
    "Most services are reached through an ingress controller, a gateway or a load balancer, and users see a rollout as 502, 503 or 504. This page shows what a rolling update of this project's app breaks behind nginx, HAProxy, Traefik, Envoy and Caddy, and what each fix is worth there.",
    '## Measure yours',
    `\`\`\`sh
k8s-rollout-test run --through nginx -- node server.js
k8s-rollout-test run --through direct,envoy --gateway-retries 2 -k deploy/
k8s-rollout-test compare --through direct,nginx,haproxy,traefik,envoy,caddy
\`\`\``,
    'The gateway is the real program: the one on your PATH, or the one that `--gateway-binary NAME=PATH` names. `NAME:service` puts it before the address of the Service, as a reverse proxy in a Deployment of its own. `--gateway-config FILE` adds settings of yours. For nginx they go into the `server` block, for HAProxy into `defaults`; for Envoy, Traefik and Caddy they are merged into the cluster, the dynamic configuration and the `reverse_proxy` handler. `--gateway-retries N` lets it send a request again, where that is safe: after a failed connection, and a GET also if no answer began.',
    'Failures are attributed through the gateway: its log says which pods it tried for each request, and why an attempt failed. A failure that it hid by a retry is counted too, with its cause.',
    'On a cluster, the load can go through your own ingress controller or Gateway, and its access log is read: see [On a cluster](cluster.md#behind-your-own-gateway).',
    '## How each gateway runs here',
    controllers(defaults),
    'Each learns of endpoints as its controller does; the delay until the controller sees a changed EndpointSlice is that of kube-proxy, measured on a real cluster. A terminating pod is taken off the list at once, even if no other pod is ready: none of these controllers falls back to terminating pods, as kube-proxy does.',
    '## With default settings',
    `${measurement(defaults)} Each cell has the failed requests per pod replaced: POST, then GET. In brackets: failures that the gateway hid by a retry, per pod. \`npm run gateways -- defaults\` measures it again ([result](results/gateways/defaults/result.json)).`,
    ...inRowOrder(defaults.map(({ variant }) => variant))
      .filter((variant) => variant !== 'control')
      .map((variant) => variantTable(variant, defaults)),
    '## What breaks them',
    'Failed requests of all three runtimes together, by cause.',
    causeTable(defaults),
    'The gateway itself lost a request if it closed the connection to the client without having read the request: nginx and Caddy close idle connections whenever their configuration changes, and Caddy resets new ones too. No setting of the pods changes that.',
    '## Which fix still matters',
    'Failed requests per pod replaced, POST and GET of all three runtimes together, if one fix is left out. Those that the gateway itself lost are left out too, where that is known.',
    fixTable(defaults),
    'Enough replicas matter more behind a gateway, because none of these falls back to a terminating pod. A graceful shutdown and a long enough grace period matter less here, because a gateway chooses a pod for each request: it sends nothing to a pod during most of its preStop sleep of 5 s, and the longest request of this load takes 4 s, so that nothing is in flight at SIGTERM. Longer requests, and sessions, need both as before.',
    '## How late each learns, and the preStop sleep that it needs',
    lagTable(defaults),
    'A pod has to serve for that long after its deletion. The sleep here is the longest lag that was measured and once more the same, at least 1 s more, in whole seconds. Clients inside the cluster still go through kube-proxy, which needs its own time ([findings](findings.md)).',
    '## One replica, replaced in place',
    'A single replica with maxSurge 0, everything else as in the valid variant: the old pod is deleted before the new one is there. Without a gateway nothing breaks, because kube-proxy goes on sending to the terminating pod while it serves (KEP-1669).',
    oneReplica(),
    '## What retries are worth',
    'The variant without a preStop hook on Node, three rollouts each, per pod replaced: `--gateway-retries 0` and `--gateway-retries 2`.',
    retriesTable(),
    '## Settings that are enough',
    'Ten rollouts of the valid variant on each runtime. HAProxy and Traefik need nothing but the four fixes. Envoy keeps idle connections to pods for an hour and Node for 6 s, so with defaults requests can be lost in the race, with or without a rollout; Envoy has to close them first. nginx and Caddy close idle connections to clients when they learn of other endpoints, and lose requests that come at that moment. nginx can be told to keep them open for a while. For Caddy no setting helps; put it before the address of the Service (`caddy:service`), so that its configuration does not change.',
    recommendedTable(),
    ...MEASURED.flatMap(({ name, title }) => settingsBlock(name, title)),
    '## Without a rollout',
    'A server that closes idle connections sooner than its gateway loses requests at any time: see [idle timeouts](idle-timeouts.md) and `k8s-rollout-test explain idle-timeout`. `compare --variant pauses --through NAME` and `run --pauses --through NAME` show it ([how](commands.md)).',
  ]);
}

function trialsOf(of: Measurement): readonly TrialResult[] {
  return readRun(projectFile(resultFolder(of))).trials;
}

function measurement(trials: readonly TrialResult[]): string {
  const versions = new Map(trials.map((trial) => [trial.runtime, trial]));
  const names = inColumnOrder(versions.keys()).map((runtime) => rolledTitle(versions.get(runtime) as TrialResult));
  return `One rollout of each variant on ${names.join(', ')}, on the local cluster.`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, nth) => (nth === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}

const PROJECT = dirname(projectFile('package.json'));
/** A new gateway is on the page once it was measured. */
const MEASURED = GATEWAYS.filter(({ name }) => existsSync(join(PROJECT, resultFolder(recommended(name)))));
const WAYS = [DIRECT, ...MEASURED.map(({ name }) => name)];

function through(way: string, trials: readonly TrialResult[]): TrialResult[] {
  return trials.filter((trial) => trial.through === way);
}

function controllers(defaults: readonly TrialResult[]): string {
  const rows = MEASURED.map(({ name, title, controller }) => {
    const version = through(name, defaults)[0]?.gateway?.version ?? '–';
    return [`${title} ${version}`, controller.name, controller.learnsBy];
  });
  return table(['gateway', 'as run by', 'learns of endpoints by'], rows).replaceAll('--:', '---');
}

function variantTable(variant: string, trials: readonly TrialResult[]): string {
  const of = trials.filter((trial) => trial.variant === variant);
  const runtimes = inColumnOrder(of.map(({ runtime }) => runtime));
  const rows = WAYS.map((way) => [
    titleOf(way),
    ...runtimes.map((runtime) => cell(through(way, of).filter((trial) => trial.runtime === runtime))),
  ]);
  return table([`**${variantName(variant)}**`, ...runtimes.map((runtime) => rolledName({ runtime }))], rows);
}

function cell(trials: readonly TrialResult[]): string {
  if (trials.length === 0) return '–';
  if (trials.some(({ valid }) => !valid)) return 'invalid';
  const { post, get, hidden, pods } = failedOf(trials);
  const each = (failed: number) => rate(failed / Math.max(1, pods));
  return `${each(post)}, ${each(get)}${hidden > 0 ? ` (${each(hidden)})` : ''}`;
}

function causeTable(trials: readonly TrialResult[]): string {
  const rollouts = trials.filter(({ variant }) => variant !== 'control');
  const causes = causesIn(rollouts);
  const rows = WAYS.map((way) => {
    const of = through(way, rollouts);
    const own = sumOf(of, ({ closedByGateway = 0 }) => closedByGateway);
    const lost = logsEveryRequest(way) ? count(own) : 'unknown';
    return [titleOf(way), ...causes.map(({ id }) => count(sumOf(of, (trial) => trial.causes[id]))), lost];
  });
  return table(['', ...causes.map(({ name }) => name), 'of these lost by the gateway itself'], rows);
}

function fixTable(trials: readonly TrialResult[]): string {
  const variants = inRowOrder(trials.map(({ variant }) => variant)).filter((variant) => variant.startsWith('without-'));
  const rows = variants.map((variant) => [
    variantName(variant),
    ...WAYS.map((way) => {
      const of = through(way, trials).filter((trial) => trial.variant === variant);
      const own = logsEveryRequest(way) ? sumOf(of, ({ closedByGateway = 0 }) => closedByGateway) : 0;
      const pods = sumOf(of, ({ podsReplaced }) => podsReplaced);
      return rate((sumOf(of, ({ failed }) => failed) - own) / Math.max(1, pods));
    }),
  ]);
  return table(['', ...WAYS.map(titleOf)], rows);
}

/** HAProxy does not log every request, so it is not known which of them it read. */
function logsEveryRequest(way: string): boolean {
  return way === DIRECT || gatewayNamed(way)?.unlogged === 'never-read';
}

function lagTable(trials: readonly TrialResult[]): string {
  const rows = WAYS.flatMap((way) => {
    const lag = lagOf(through(way, trials));
    return lag === undefined ? [] : [[titleOf(way), `${(lag.longestMs / 1000).toFixed(1)} s`, `${lag.sleepSeconds} s`]];
  });
  return table(['', 'longest lag', 'preStop sleep'], rows);
}

function oneReplica(): string {
  const rollouts = trialsOf(ONE_REPLICA).filter(({ variant }) => variant !== 'control');
  const rows = WAYS.map((way) => {
    const of = through(way, rollouts);
    const failed = sumOf(of, (trial) => trial.failed);
    const outage = Math.max(0, ...of.map(({ longestOutageMs }) => longestOutageMs));
    return [
      titleOf(way),
      `${count(failed)} of ${count(sumOf(of, ({ exposed }) => exposed))}`,
      `${(outage / 1000).toFixed(1)} s`,
    ];
  });
  return table(['', 'failed', 'outage'], rows);
}

function retriesTable(): string {
  const rows = MEASURED.map(({ name, title }) => [
    title,
    ...RETRIES.map((retries) => cell(trialsOf(withRetries(name, retries)))),
  ]);
  return table(['POST, GET (hidden)', ...RETRIES.map((retries) => `${retries} retries`)], rows);
}

function recommendedTable(): string {
  const rows = MEASURED.map(({ name, title }) => {
    const trials = trialsOf(recommended(name));
    const { post, get } = failedOf(trials);
    const rollouts = trials.length;
    return [
      recommendedWay(name) === name ? title : `${title} (\`${recommendedWay(name)}\`)`,
      count(rollouts),
      count(post),
      count(get),
      lostBy(trials),
    ];
  });
  return table(['', 'rollouts', 'failed POST', 'failed GET', 'cause'], rows);
}

function settingsBlock(name: string, title: string): string[] {
  const file = settingsFile(name);
  if (file === undefined) return [];
  const path = join(PROJECT, file);
  const text = existsSync(path) ? readFileSync(path, 'utf8').trimEnd() : '';
  return [`${title}: \`--gateway-config\` with`, `\`\`\`\n${text}\n\`\`\``];
}
