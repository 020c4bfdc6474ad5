/** The options of `run`, and which of them apply to which --on. */
import { InvalidArgumentError, Option } from 'commander';
import { InputError } from '../errors.ts';
import { type ContainerCommand, parseContainerCommand } from '../own-service/command.ts';
import type { ServiceFlags } from '../own-service/service.ts';
import { parseVolumeFolder, type VolumeFolder } from '../own-service/volumes.ts';
import { flagOf, requestPath, stopSignal, whole } from './argument-parsers.ts';
import { eventOption } from './event-option.ts';
import { K6_IMAGE } from './load-options.ts';
import type { LiveRunFlags } from './run-on-kubernetes.ts';
import type { StopSignalFlags } from './stop-signal.ts';
import { clusterGatewayOptions, type ThroughFlags } from './through-options.ts';

/** The default of --exec: no container's command is replaced. */
const NO_COMMANDS: readonly ContainerCommand[] = [];

/** Options by the names that commander gives them. */
const LOCAL_FLAGS = [
  ...['replicas', 'grace', 'preStop', 'maxSurge', 'maxUnavailable', 'ready', 'port'],
  ...['exec', 'mount', 'findFix', 'stopSignal', 'dockerfile', 'pauses'],
];
/** A way that each trial makes, in a namespace of its own. */
const CLUSTER_WAY_FLAGS = ['ingressClass', 'gateway', 'gatewayService', 'gatewayImage'];
const NAMESPACE_FLAGS = ['through', 'gatewayBinary', 'gatewayConfig', 'gatewayRetries', ...CLUSTER_WAY_FLAGS];
const KUBERNETES_FLAGS = [
  ...['context', 'url', 'trigger', 'load', 'yes', 'k6Image', 'gatewayLogs'],
  ...CLUSTER_WAY_FLAGS,
];

export interface RunFlags extends ServiceFlags, StopSignalFlags, LiveRunFlags, ThroughFlags {
  k6Image?: string | undefined;
  on: 'local' | 'kubernetes';
  findFix?: boolean;
  pauses?: boolean;
  seed?: number;
}

/** Which workload is rolled out: of those in the manifests, or on the cluster. */
export function selectionOptions(): Option[] {
  return [
    new Option('--deployment <name>', 'the Deployment to disrupt').conflicts(['statefulset', 'daemonset']),
    new Option('--statefulset <name>', 'the StatefulSet to disrupt').conflicts('daemonset'),
    new Option('--daemonset <name>', 'the DaemonSet to disrupt'),
    new Option('-n, --namespace <name>', "its namespace (on a cluster, by default the context's)"),
    new Option('--service <name>', 'the Service in front of it, if there are several'),
    new Option('--dry-run', 'print what would be done, and do nothing'),
  ];
}

/** Where the workload comes from, if not from a command or from a cluster. */
export function manifestOptions(): Option[] {
  return [
    new Option('-k, --kustomize <dir>', 'roll out a workload of this kustomization').argParser(once),
    new Option(
      '-f, --file <file>',
      'roll out a workload of this file, folder, or - (standard input); repeat for more',
    ).argParser(collected),
    new Option(
      '--assume <field>',
      'measure as if FIELD of the manifest were absent, or FIELD=VALUE, if it is not carried out; repeat for more',
    ).argParser(collected),
  ];
}

export function clusterOptions(): Option[] {
  return [
    new Option('--context <name>', 'the kubeconfig context (default: the current one)'),
    new Option('--url <url>', 'where users reach it, with host and port: an Ingress, a Gateway or a NodePort'),
    new Option(
      '--trigger <command>',
      'a shell command to run instead of a restart; it must replace the pods',
    ).conflicts('event'),
    new Option('--load <name>', 'the load generator (default: builtin; k6 for https)').choices(['builtin', 'k6']),
    new Option('--yes', 'do not ask for confirmation'),
    new Option('--k6-image <image>', `with -k or -f: the image of the load (default: ${K6_IMAGE})`),
    ...clusterGatewayOptions({
      onlyWith: 'with -k or -f: ',
      logsOf: 'the access log of the gateway at --url, or of --ingress-class or --gateway',
    }),
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
    new Option('--exec <container=command>', 'the command to run for a container or an init container of the manifest')
      .default(NO_COMMANDS, "the container's own command, if it can run here")
      .argParser((text: string, before: ContainerCommand[]) => [...before, parseContainerCommand(text)]),
    new Option('--mount <volume=dir>', 'the folder that stands for a volume of the manifest').argParser(
      (text: string, before: VolumeFolder[] = []) => [...before, parseVolumeFolder(text)],
    ),
  ];
}

export function measurementOptions(): Option[] {
  return [
    eventOption().conflicts('findFix'),
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
  if (on === 'kubernetes') assertGatewayFlags(options);
  const others = on === 'kubernetes' ? LOCAL_FLAGS : KUBERNETES_FLAGS;
  const stray = others.find((name) => options[name] !== undefined && (name !== 'exec' || options.exec !== NO_COMMANDS));
  if (stray === undefined) return;
  const flag = flagOf(stray);
  throw new InputError(
    on === 'kubernetes'
      ? `--${flag} is for --on local: on a cluster, the workload is not changed`
      : `--${flag} is for a cluster: add --on kubernetes`,
  );
}

function assertGatewayFlags(options: Record<string, unknown>): void {
  if (options.kustomize !== undefined || options.file !== undefined) return;
  const stray = NAMESPACE_FLAGS.find((name) => options[name] !== undefined);
  if (stray === undefined) return;
  throw new InputError(
    `--${flagOf(stray)} is for manifests (-k, -f): a workload that already runs gets its requests at --url`,
  );
}

/** Renames flags to settings whose names have units; the names of flags leave the units to the help. */
export function namedAsSettings(options: Record<string, unknown>): RunFlags {
  const { grace, preStop, ready, rate, scenario, event, trigger, ...same } = options;
  return {
    ...same,
    disruption: trigger === undefined ? event : { kind: 'command', command: trigger },
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
