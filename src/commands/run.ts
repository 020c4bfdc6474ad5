/** `run`: rollouts of the user's own service, what they broke, and why. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { InputError } from '../errors.ts';
import { stopSignalNote } from '../kubernetes-rules/stop-signal.ts';
import { MAX_RATE_PER_S, Scenario } from '../load/request-mix.ts';
import { CONNECTIONS } from '../load/request-settings.ts';
import { printStatus } from '../output.ts';
import { type ContainerCommand, parseContainerCommand } from '../own-service/command.ts';
import { localServiceBackend, planRollouts } from '../own-service/plan.ts';
import { withPortHint } from '../own-service/port-hint.ts';
import { localService, type ServiceFlags } from '../own-service/service.ts';
import { listOf, requestPath, stopSignal, whole } from './argument-parsers.ts';
import { findFixOf } from './find-fix.ts';
import { unlessInterrupted } from './interruptions.ts';
import { folderFor, reportRollouts } from './report-rollouts.ts';
import { type LiveRunFlags, runOnKubernetes } from './run-on-kubernetes.ts';
import { showInstall } from './show-install.ts';
import { imageStopSignal, type StopSignalFlags } from './stop-signal.ts';

/** Rollouts that prove a fix, unless said otherwise. */
const FIND_FIX_REPEATS = 3;

/** No container's command is replaced. */
const NO_COMMANDS: readonly ContainerCommand[] = [];

/** By their names among commander's options. */
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
    .summary('roll your own service and see what breaks')
    .usage('[options] -- COMMAND…')
    .description(
      'Rolls your own service on the local cluster under load and says how many requests broke, and why.\n' +
        'With --on kubernetes it restarts a workload that serves on a cluster, and COMMAND is not given.\n' +
        'COMMAND is any server; each pod runs it with PORT and HOST to listen on ($(PORT) and $(HOST) in its arguments\n' +
        'are replaced, as in a manifest). With -k or -f the deployment comes from a manifest instead of the flags.',
    )
    .argument('[command...]', 'the server and its arguments');
  const place = new Option('--on <where>', 'where it runs').choices(['local', 'kubernetes']).default('local');
  for (const option of [place, ...requestOptions(), ...measurementOptions()]) command.addOption(option);
  command.optionsGroup('With --on local:');
  for (const option of serviceOptions()) command.addOption(option);
  command.optionsGroup('With --on kubernetes, for a workload that is there:');
  for (const option of clusterOptions()) command.addOption(option);
  return command.action(run);
}

function clusterOptions(): Option[] {
  return [
    new Option('--deployment <name>', 'the Deployment to restart').conflicts('statefulset'),
    new Option('--statefulset <name>', 'the StatefulSet to restart'),
    new Option('-n, --namespace <name>', "its namespace (default: the context's)"),
    new Option('--context <name>', 'the kubeconfig context (default: the current one)'),
    new Option('--service <name>', 'the Service in front of it, where there are several'),
    new Option('--url <url>', 'where its users reach it, host and port: an Ingress, a Gateway, a NodePort'),
    new Option('--trigger <command>', 'run this in a shell instead of a restart: anything that replaces its pods'),
    new Option('--load <name>', 'what makes the load (default: builtin; k6 for https)').choices(['builtin', 'k6']),
    new Option('--yes', 'do not ask before the restart'),
    new Option('--dry-run', 'say what would be done, and do nothing'),
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
    new Option('--port <n>', 'the port the command listens on by itself, where it takes none').argParser(
      whole(1, 65_535),
    ),
    ...fromFlags.map((option) => option.conflicts(['kustomize', 'file'])),
    new Option(
      '--stop-signal <name>',
      "sent in place of SIGTERM, as STOPSIGNAL says (the manifest's lifecycle.stopSignal comes first)",
    ).argParser(stopSignal),
    new Option('--dockerfile <file>', 'the STOPSIGNAL is the one of this Dockerfile; --stop-signal comes first'),
    new Option('-k, --kustomize <dir>', 'the deployment is this kustomization').conflicts('file'),
    new Option('-f, --file <file>', 'the deployment is in this file'),
    new Option('--exec <container=command>', 'the command that stands for a container of the manifest')
      .default(NO_COMMANDS, 'its own, where it runs here')
      .argParser((text: string, before: ContainerCommand[]) => [...before, parseContainerCommand(text)]),
  ];
}

function requestOptions(): Option[] {
  const fromFlags = [
    new Option('--path <path>', 'what is requested (default: /)').argParser(requestPath),
    new Option('--method <method>', 'the method (default: GET, or POST with a body)').choices(
      Scenario.shape.method.options,
    ),
    new Option('--body <text>', 'the body of each request'),
    new Option(
      '--scenario <names>',
      'connections of the requests, comma-separated (default: keep-alive,fresh)',
    ).argParser(listOf('scenario', CONNECTIONS)),
  ];
  return [
    ...fromFlags.map((option) => option.conflicts('workload')),
    new Option('--workload <file>', 'the requests are in this file (the format of workload.json)'),
    new Option('--rate <n>', 'requests per second, over all scenarios (default: 200)').argParser(
      whole(1, MAX_RATE_PER_S),
    ),
  ];
}

function measurementOptions(): Option[] {
  return [
    new Option(
      '--repeat <n>',
      'rollouts; with --find-fix, clean ones that prove a fix (default: 1; with --find-fix 3)',
    ).argParser(whole(1, 1000)),
    new Option('--find-fix', 'find the smallest set of fixes that stops it, by trying them out'),
    new Option('--max-failed <n>', 'requests a rollout may break before the exit code is 1')
      .default(0)
      .argParser(whole(0, 1_000_000)),
    new Option('--out <dir>', 'write result.json, report.html and the traces there'),
    new Option('--overwrite', 'replace the results of another run in --out'),
    new Option(
      '--no-logs',
      'keep nothing that the pods print; else each trace has their last 40 lines, which may hold secrets',
    ),
    new Option('--json', 'print the result as JSON'),
    new Option('--seed <n>', 'make the same random choices again').argParser(whole(0, 2 ** 31 - 1)),
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

/** @throws InputError for a flag that the place chosen does not know */
function assertFlagsFor(on: Flags['on'], command: readonly string[], options: Record<string, unknown>): void {
  if (on === 'kubernetes' && command.length > 0) {
    throw new InputError('run --on kubernetes restarts what is there: it takes no command; its own is --trigger');
  }
  const strange = on === 'kubernetes' ? LOCAL_FLAGS : KUBERNETES_FLAGS;
  const stray = strange.find(
    (name) => options[name] !== undefined && (name !== 'exec' || options.exec !== NO_COMMANDS),
  );
  if (stray === undefined) return;
  const flag = stray.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new InputError(
    on === 'kubernetes'
      ? `--${flag} is for --on local: on a cluster the workload is as it is`
      : `--${flag} is for a cluster: add --on kubernetes`,
  );
}

/** The flags have the user's names, which leave the units to the help. */
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
