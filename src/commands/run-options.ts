/** The options of `run`, and which of them apply to which --on. */
import { InvalidArgumentError, Option } from 'commander';
import { InputError } from '../errors.ts';
import { MAX_RATE_PER_S, Scenario } from '../load/request-mix.ts';
import { CONNECTIONS } from '../load/request-settings.ts';
import { type ContainerCommand, parseContainerCommand } from '../own-service/command.ts';
import type { ServiceFlags } from '../own-service/service.ts';
import { listOf, requestPath, stopSignal, whole } from './argument-parsers.ts';
import type { LiveRunFlags } from './run-on-kubernetes.ts';
import type { StopSignalFlags } from './stop-signal.ts';

/** The default of --exec: no container's command is replaced. */
const NO_COMMANDS: readonly ContainerCommand[] = [];

/** Options by the names that commander gives them. */
const LOCAL_FLAGS = [
  ...['replicas', 'grace', 'preStop', 'maxSurge', 'maxUnavailable', 'ready', 'port', 'daemonset', 'assume'],
  ...['kustomize', 'file', 'exec', 'findFix', 'stopSignal', 'dockerfile'],
];
const KUBERNETES_FLAGS = ['context', 'url', 'trigger', 'load', 'yes'];

export interface RunFlags extends ServiceFlags, StopSignalFlags, LiveRunFlags {
  on: 'local' | 'kubernetes';
  findFix?: boolean;
  seed?: number;
}

/** Which workload is rolled out: of those in the manifests, or on the cluster. */
export function selectionOptions(): Option[] {
  return [
    new Option('--deployment <name>', 'the Deployment to roll out').conflicts(['statefulset', 'daemonset']),
    new Option('--statefulset <name>', 'the StatefulSet to roll out').conflicts('daemonset'),
    new Option('--daemonset <name>', 'the DaemonSet to roll out; only of manifests'),
    new Option('-n, --namespace <name>', "its namespace (on a cluster, by default the context's)"),
    new Option('--service <name>', 'the Service in front of it, if there are several'),
    new Option('--dry-run', 'print what would be done, and do nothing'),
  ];
}

export function clusterOptions(): Option[] {
  return [
    new Option('--context <name>', 'the kubeconfig context (default: the current one)'),
    new Option('--url <url>', 'where users reach it, with host and port: an Ingress, a Gateway or a NodePort'),
    new Option('--trigger <command>', 'a shell command to run instead of a restart; it must replace the pods'),
    new Option('--load <name>', 'the load generator (default: builtin; k6 for https)').choices(['builtin', 'k6']),
    new Option('--yes', 'do not ask for confirmation'),
  ];
}

export function serviceOptions(): Option[] {
  const fromFlags = [
    new Option('--replicas <n>', 'replicas (default: 3)').argParser(whole(1, 20)),
    new Option('--grace <seconds>', 'terminationGracePeriodSeconds (default: 30)').argParser(whole(1, 600)),
    new Option('--pre-stop <seconds>', 'a preStop sleep (default: none)').argParser(whole(1, 600)),
    new Option('--max-surge <n>', 'pods above the replicas, or a percentage (default: 25%)').argParser(intOrPercent),
    new Option('--max-unavailable <n>', 'pods below the replicas, or a percentage (default: 25%)').argParser(
      intOrPercent,
    ),
    new Option('--ready <path>', 'path of the readiness probe (default: the port accepts connections)').argParser(
      requestPath,
    ),
  ];
  return [
    new Option('--port <n>', 'the port that the command listens on, if it ignores PORT').argParser(whole(1, 65_535)),
    ...fromFlags.map((option) => option.conflicts(['kustomize', 'file'])),
    new Option(
      '--stop-signal <name>',
      'the signal that stops the server, like STOPSIGNAL of an image (default: SIGTERM; lifecycle.stopSignal in a manifest takes precedence)',
    ).argParser(stopSignal),
    new Option(
      '--dockerfile <file>',
      'take the stop signal from STOPSIGNAL in this Dockerfile; --stop-signal takes precedence',
    ),
    new Option('-k, --kustomize <dir>', 'roll out a workload of this kustomization').argParser(once),
    new Option(
      '-f, --file <file>',
      'roll out a workload of this file, folder, or - (standard input); repeat for more',
    ).argParser(collected),
    new Option(
      '--assume <field>',
      'measure as if FIELD of the manifest were absent, or FIELD=VALUE, if it is not carried out; repeat for more',
    ).argParser(collected),
    new Option('--exec <container=command>', 'the command to run for a container of the manifest')
      .default(NO_COMMANDS, "the container's own command, if it can run here")
      .argParser((text: string, before: ContainerCommand[]) => [...before, parseContainerCommand(text)]),
  ];
}

export function requestOptions(): Option[] {
  const fromFlags = [
    new Option('--path <path>', 'the path to request (default: /)').argParser(requestPath),
    new Option('--method <method>', 'the method (default: GET, or POST with a body)').choices(
      Scenario.shape.method.options,
    ),
    new Option('--body <text>', 'the body of each request'),
    new Option('--scenario <names>', 'kinds of connections, comma-separated (default: keep-alive,fresh)').argParser(
      listOf('scenario', CONNECTIONS),
    ),
  ];
  return [
    ...fromFlags.map((option) => option.conflicts('workload')),
    new Option('--workload <file>', 'read the requests from this file, in the format of workload.json'),
    new Option('--rate <n>', 'requests per second, all scenarios together (default: 200)').argParser(
      whole(1, MAX_RATE_PER_S),
    ),
  ];
}

export function measurementOptions(): Option[] {
  return [
    new Option(
      '--repeat <n>',
      'number of rollouts (default: 1); with --find-fix, clean rollouts that prove a fix (default: 3)',
    ).argParser(whole(1, 1000)),
    new Option('--find-fix', 'find the smallest set of fixes that stops the failures, by trying them'),
    new Option('--max-failed <n>', 'requests that each rollout may break; with more, the exit code is 1')
      .default(0)
      .argParser(whole(0, 1_000_000)),
    new Option('--out <dir>', 'write result.json, report.html and the traces to this folder'),
    new Option('--overwrite', 'replace the results of another run in --out'),
    new Option(
      '--no-logs',
      'do not keep the output of pods; without this flag, traces hold its last 40 lines, which may contain secrets',
    ),
    new Option('--json', 'print the result as JSON'),
    new Option('--seed <n>', 'repeat the random choices of an earlier run').argParser(whole(0, 2 ** 31 - 1)),
  ];
}

/** @throws InputError for a flag that does not apply to the chosen --on */
export function assertFlagsFor(on: RunFlags['on'], command: readonly string[], options: Record<string, unknown>): void {
  if (on === 'kubernetes' && command.length > 0) {
    throw new InputError(
      'run --on kubernetes takes no command after --; to run one instead of a restart, use --trigger',
    );
  }
  const others = on === 'kubernetes' ? LOCAL_FLAGS : KUBERNETES_FLAGS;
  const stray = others.find((name) => options[name] !== undefined && (name !== 'exec' || options.exec !== NO_COMMANDS));
  if (stray === undefined) return;
  const flag = stray.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new InputError(
    on === 'kubernetes'
      ? `--${flag} is for --on local: on a cluster, the workload is not changed`
      : `--${flag} is for a cluster: add --on kubernetes`,
  );
}

/** Renames flags to settings whose names have units; the names of flags leave the units to the help. */
export function namedAsSettings(options: Record<string, unknown>): RunFlags {
  const { grace, preStop, ready, rate, scenario, ...same } = options;
  return {
    ...same,
    graceSeconds: grace,
    preStopSeconds: preStop,
    readyPath: ready,
    ratePerSecond: rate,
    scenarios: scenario,
  } as RunFlags;
}

/** As with kubectl, which takes one kustomization. */
function once(value: string, before?: string): string {
  if (before === undefined) return value;
  throw new InvalidArgumentError('can be given once; a kustomization can list the other under resources');
}

function collected(value: string, before: string[] = []): string[] {
  return [...before, value];
}

function intOrPercent(value: string): number | string {
  if (/^\d{1,3}%$/.test(value)) return value;
  if (/^\d{1,3}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('must be a whole number or a percentage, as in 1 or 25%');
}
