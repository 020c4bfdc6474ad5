/** `run`: rolls out the user's own service and reports how many requests broke, and why. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { InputError } from '../errors.ts';
import { stopSignalNote } from '../kubernetes-rules/stop-signal.ts';
import { printStatus } from '../output.ts';
import { type ContainerCommand, parseContainerCommand } from '../own-service/command.ts';
import { localServiceBackend, planRollouts } from '../own-service/plan.ts';
import { withPortHint } from '../own-service/port-hint.ts';
import { localService, type ServiceFlags } from '../own-service/service.ts';
import { requestPath, stopSignal, whole } from './argument-parsers.ts';
import { findFixOf } from './find-fix.ts';
import { unlessInterrupted } from './interruptions.ts';
import { folderFor, reportRollouts } from './report-rollouts.ts';
import { requestOptions } from './request-options.ts';
import { type LiveRunFlags, runOnKubernetes } from './run-on-kubernetes.ts';
import { showInstall } from './show-install.ts';
import { imageStopSignal, type StopSignalFlags } from './stop-signal.ts';

/** How many clean rollouts prove a fix, by default. */
const FIND_FIX_REPEATS = 3;

/** The default of --exec: no container's command is replaced. */
const NO_COMMANDS: readonly ContainerCommand[] = [];

/** Options by the names that commander gives them. */
const LOCAL_FLAGS = [
  ...['replicas', 'grace', 'preStop', 'maxSurge', 'maxUnavailable', 'ready', 'port'],
  ...['kustomize', 'file', 'exec', 'findFix', 'stopSignal', 'dockerfile'],
];
const KUBERNETES_FLAGS = [
  ...['context', 'namespace', 'deployment', 'statefulset', 'service', 'url', 'trigger', 'load', 'yes', 'dryRun'],
];

interface Flags extends ServiceFlags, StopSignalFlags, LiveRunFlags {
  on: 'local' | 'kubernetes';
  findFix?: boolean;
  seed?: number;
}

export function runCommand(): Command {
  const command = new Command('run')
    .summary('roll out your own service and see what breaks')
    .usage('[options] -- COMMAND…')
    .description(
      'Rolls out your own service on the local cluster under load, and reports how many requests broke and why.\n\n' +
        'COMMAND starts any server. Each pod runs it with PORT and HOST set to the address to listen on; ' +
        '$(PORT) and $(HOST) in its arguments are replaced, as in a manifest.\n\n' +
        'With -k or -f, the deployment comes from a manifest instead of flags. ' +
        'With --on kubernetes, run restarts a workload on a cluster, and there is no COMMAND.',
    )
    .argument('[command...]', 'the server and its arguments');
  const place = new Option('--on <where>', 'where the rollout runs').choices(['local', 'kubernetes']).default('local');
  for (const option of [place, ...requestOptions(), ...measurementOptions()]) command.addOption(option);
  command.optionsGroup('With --on local:');
  for (const option of serviceOptions()) command.addOption(option);
  command.optionsGroup('With --on kubernetes, for a workload that already runs there:');
  for (const option of clusterOptions()) command.addOption(option);
  return command.action(run);
}

function clusterOptions(): Option[] {
  return [
    new Option('--deployment <name>', 'the Deployment to restart').conflicts('statefulset'),
    new Option('--statefulset <name>', 'the StatefulSet to restart'),
    new Option('-n, --namespace <name>', "its namespace (default: the context's)"),
    new Option('--context <name>', 'the kubeconfig context (default: the current one)'),
    new Option('--service <name>', 'the Service in front of it, if there are several'),
    new Option('--url <url>', 'where users reach it, with host and port: an Ingress, a Gateway or a NodePort'),
    new Option('--trigger <command>', 'a shell command to run instead of a restart; it must replace the pods'),
    new Option('--load <name>', 'the load generator (default: builtin; k6 for https)').choices(['builtin', 'k6']),
    new Option('--yes', 'do not ask for confirmation'),
    new Option('--dry-run', 'print what would be done, and do nothing'),
  ];
}

function serviceOptions(): Option[] {
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
    new Option('-k, --kustomize <dir>', 'roll out the deployment in this kustomization').conflicts('file'),
    new Option('-f, --file <file>', 'roll out the deployment in this manifest file'),
    new Option('--exec <container=command>', 'the command to run for a container of the manifest')
      .default(NO_COMMANDS, "the container's own command, if it can run here")
      .argParser((text: string, before: ContainerCommand[]) => [...before, parseContainerCommand(text)]),
  ];
}

function measurementOptions(): Option[] {
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

async function run(command: string[], options: Record<string, unknown>): Promise<void> {
  const flags = namedAsSettings(options);
  assertFlagsFor(flags.on, command, options);
  const seed = flags.seed ?? Math.floor(Math.random() * 2 ** 31);
  if (flags.on === 'kubernetes') return runOnKubernetes(flags, seed);
  const image = await imageStopSignal(flags);
  const service = await unlessInterrupted('no trial has begun', (signal) =>
    localService(command, { ...flags, stopSignal: image.signal }, { signal, onProgress: showInstall }),
  );
  const named = service.manifests.workload.spec.template.spec.containers.map(stopSignalNote);
  for (const note of [image.note, ...named]) if (note !== undefined) printStatus(`note: ${note}`);
  if (flags.findFix) {
    const fromFlags = flags.kustomize === undefined && flags.file === undefined;
    return findFixOf(service, seed, { ...flags, repeat: flags.repeat ?? FIND_FIX_REPEATS, fromFlags });
  }
  try {
    const plan = (run: string) => planRollouts(service, flags.repeat ?? 1, { run, seed });
    await reportRollouts(plan, localServiceBackend(service), seed, folderFor(flags), flags);
  } catch (error) {
    throw flags.port === undefined ? withPortHint(error) : error;
  }
}

/** @throws InputError for a flag that does not apply to the chosen --on */
function assertFlagsFor(on: Flags['on'], command: readonly string[], options: Record<string, unknown>): void {
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
function namedAsSettings(options: Record<string, unknown>): Flags {
  const { grace, preStop, ready, rate, scenario, ...same } = options;
  return {
    ...same,
    graceSeconds: grace,
    preStopSeconds: preStop,
    readyPath: ready,
    ratePerSecond: rate,
    scenarios: scenario,
  } as Flags;
}

function intOrPercent(value: string): number | string {
  if (/^\d{1,3}%$/.test(value)) return value;
  if (/^\d{1,3}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('must be a whole number or a percentage, as in 1 or 25%');
}
