/** `compare`: rolls every runtime in every variant, and prints a table of what broke. */
import { Argument, Command, Option } from 'commander';
import type { ClusterWay } from '../clusters/kubernetes/gateways/chosen-gateways.ts';
import { ExitCode, InputError, ProgramError } from '../errors.ts';
import { APP_SCENARIOS, type AppMixSettings, appRequestMix, BEHIND_GATEWAY } from '../load/app-mix.ts';
import { assertForK6 } from '../load/load.ts';
import { MAX_RATE_PER_S } from '../load/request-mix.ts';
import { RUNTIMES, type Runtime, VARIANTS } from '../manifests/overlays.ts';
import { measuredRun, newRun } from '../results/run.ts';
import { CONTROL, PAUSES } from '../trace/controls.ts';
import type { PlannedDisruption } from '../trace/disruption.ts';
import { type Backend, kubernetesBackend, localBackend } from '../trials/backend.ts';
import { type ComparedVariant, planTrials } from '../trials/plan-comparison.ts';
import type { RuntimeUnderTest } from '../trials/runtimes.ts';
import { flagOf, listOf, whole } from './argument-parsers.ts';
import { showDifference, showSaved } from './compare-saved.ts';
import { conclude } from './conclude.ts';
import { eventOption } from './event-option.ts';
import { interruptions, unlessInterrupted } from './interruptions.ts';
import { K6_IMAGE, reportLeftNamespaces } from './load-options.ts';
import { measure } from './measure.ts';
import { assertPausesPossible } from './pauses-option.ts';
import { folderFor } from './report-rollouts.ts';
import { sessionsOption } from './request-options.ts';
import { showInstall } from './show-install.ts';
import {
  clusterGatewayOptions,
  clusterWays,
  installedWays,
  type ThroughFlags,
  throughOptions,
} from './through-options.ts';

/** What is compared if no variants are named. */
const COMPARED: readonly ComparedVariant[] = [...VARIANTS, CONTROL];
const NAMED: readonly ComparedVariant[] = [...COMPARED, PAUSES];

interface Flags extends ThroughFlags {
  runtime?: Runtime[];
  variant?: ComparedVariant[];
  repeat: number;
  rate?: number;
  event?: PlannedDisruption;
  scenario?: AppMixSettings['scenarios'];
  sessions?: number;
  on: 'local' | 'kubernetes';
  context?: string;
  namespace?: string;
  images?: string;
  url?: string;
  loadPods?: number;
  k6Image?: string;
  load?: 'builtin' | 'k6';
  out?: string;
  overwrite?: boolean;
  json?: boolean;
  logs: boolean;
  seed?: number;
  node?: string;
  bun?: string;
  deno?: string;
}

export function compareCommand(): Command {
  const command = new Command('compare')
    .summary('roll the app on each runtime in each variant and compare the results')
    .description(
      'Rolls the same app on Node, Bun and Deno in each variant under load. Prints how many requests broke, and why.\n' +
        'With one DIR: prints the results saved there, including k6 summaries, and runs nothing.\n' +
        'With two: prints what changed from the first to the second. The exit code is 1 if more requests broke.',
    )
    .addArgument(new Argument('[dirs...]', 'folders with saved results'))
    .addOption(new Option('--runtime <names>', 'runtimes, comma-separated').argParser(listOf('runtime', RUNTIMES)))
    .addOption(new Option('--variant <names>', 'variants, comma-separated').argParser(listOf('variant', NAMED)))
    .addOption(
      new Option('--repeat <n>', 'how often to run each variant on each runtime').default(1).argParser(whole(1, 1000)),
    )
    .addOption(
      new Option('--rate <n>', 'requests per second of each trial, all scenarios together').argParser(
        whole(1, MAX_RATE_PER_S),
      ),
    )
    .addOption(eventOption())
    .addOption(
      new Option(
        '--scenario <names>',
        `what the load does, comma-separated: ${APP_SCENARIOS.join(', ')} (default: keep-alive,fresh,slow, and get behind a gateway)`,
      ).argParser(listOf('scenario', APP_SCENARIOS)),
    )
    .addOption(sessionsOption());
  for (const option of throughOptions()) command.addOption(option);
  command
    .addOption(new Option('--on <where>', 'where it runs').choices(['local', 'kubernetes']).default('local'))
    .addOption(
      new Option('--load <name>', 'the load generator (default: builtin, and k6 inside a cluster)').choices([
        'builtin',
        'k6',
      ]),
    )
    .addOption(new Option('--out <dir>', 'write result.json, report.html and the traces there'))
    .addOption(new Option('--overwrite', 'replace another run in the --out folder'))
    .addOption(
      new Option('--no-logs', 'leave the output of the pods out of the traces (default: the last 40 lines of each)'),
    )
    .addOption(new Option('--json', 'print the result as JSON instead of the table'))
    .addOption(new Option('--seed <n>', 'repeat the random choices of an earlier run').argParser(whole(0, 2 ** 31 - 1)))
    .optionsGroup('With --on local, a version from npm (1.4.5, 22, latest) or the path of a binary:')
    .addOption(new Option('--node <version>', 'use it instead of the pinned Node'))
    .addOption(new Option('--bun <version>', 'use it instead of the pinned Bun'))
    .addOption(new Option('--deno <version>', 'use it instead of the pinned Deno'))
    .optionsGroup('With --on kubernetes:')
    .addOption(new Option('--context <name>', 'the kubeconfig context (default: the current one)'))
    .addOption(new Option('--namespace <prefix>', 'the prefix of the namespaces it creates (default: rollout-test)'))
    .addOption(
      new Option('--images <prefix>', 'registry and path of the images, for example registry.example.com/team'),
    )
    .addOption(new Option('--load-pods <n>', 'how many pods share the load (default: 1)').argParser(whole(1, 100)))
    .addOption(new Option('--k6-image <image>', `the image of k6 (default: ${K6_IMAGE})`))
    .addOption(
      new Option('--url <url>', 'send the load from this machine to this URL, for example http://NODE:{nodePort}'),
    );
  for (const option of clusterGatewayOptions()) command.addOption(option);
  return command.action(compare);
}

async function compare(dirs: readonly string[], flags: Flags): Promise<void> {
  const [a, b, more] = dirs;
  if (more !== undefined) throw new InputError('compare takes one folder, or two to compare with each other');
  if (a !== undefined && b !== undefined) process.exitCode = showDifference(a, b, flags.json === true);
  else if (a !== undefined) process.exitCode = showSaved(a, flags.json === true);
  else await run(flags);
}

async function run(flags: Flags): Promise<void> {
  const seed = flags.seed ?? Math.floor(Math.random() * 2 ** 31);
  const { rate: ratePerSecond, sessions } = flags;
  const scenarios = flags.scenario ?? (throughGateway(flags) ? BEHIND_GATEWAY : undefined);
  const requestMix = appRequestMix({ scenarios, ratePerSecond, sessions });
  if (flags.load === 'k6' || (flags.on === 'kubernetes' && flags.url === undefined)) assertForK6(requestMix);
  if (flags.variant?.includes(PAUSES)) assertPausesPossible('--variant pauses', requestMix, flags);
  const out = folderFor(flags);
  const identity = newRun('comparison');
  const gateways = flags.on === 'kubernetes' ? clusterWays(flags) : undefined;
  const backend = await backendFor(flags, gateways);
  const trials = await planTrials({
    runtimes: await allRuntimes(flags.runtime ?? RUNTIMES, backend),
    variants: flags.variant ?? COMPARED,
    ways: gateways ?? (await unlessInterrupted('no trial has begun', (signal) => installedWays(flags, signal))),
    repeats: flags.repeat,
    requestMix,
    ...(flags.event && { disruption: flags.event }),
    // The variants with one replica cannot be scaled down.
    onlyPossible: flags.variant === undefined,
    load: backend.load.name,
    cluster: backend.name,
    seed,
    run: identity.id,
  });
  const { measured, failure } = await measure(trials, backend, { seed, out, logs: flags.logs });
  conclude(measuredRun(identity, measured), { out, json: flags.json, failure });
}

/** @throws InputError for flags that do not apply to where the trials run */
async function backendFor(flags: Flags, ways: readonly ClusterWay[] = []): Promise<Backend> {
  const { on, load, context, namespace, images, url, loadPods, k6Image, gatewayImage } = flags;
  const { ingressClass, gateway, gatewayService, gatewayLogs } = flags;
  const choices = chosen(flags);
  if (on === 'local') {
    const forCluster = { context, namespace, images, url, loadPods, k6Image, gatewayImage };
    const stray = Object.entries({ ...forCluster, ingressClass, gateway, gatewayService, gatewayLogs }).find(
      ([, value]) => value,
    );
    if (stray) {
      throw new InputError(`--${flagOf(stray[0])} is for a cluster: add --on kubernetes`);
    }
    return localBackend(load ?? 'builtin', choices, { throughGateway: throughGateway(flags), onProgress: showInstall });
  }
  const [choice] = Object.keys(choices);
  if (choice !== undefined)
    throw new InputError(`--${choice} is for --on local: in a cluster the image has the runtime`);
  const behindOwn = ways.some((way) => way !== undefined && 'parent' in way);
  if (behindOwn && url !== undefined && ways.length > 1) {
    throw new InputError('--url leads to one gateway: measure the other ways in a run of their own');
  }
  const options = {
    ways,
    namespace: namespace ?? 'rollout-test',
    k6Image: k6Image ?? K6_IMAGE,
    loadPods: loadPods ?? 1,
    ...(context === undefined ? {} : { context }),
    ...(images === undefined ? {} : { images }),
    ...(url === undefined ? {} : { url }),
    ...(load === undefined ? {} : { load }),
    ...(flags.event && { disruption: flags.event.kind }),
    onCleanUp: reportLeftNamespaces,
  };
  return unlessInterrupted('no trial has begun', () => kubernetesBackend(options));
}

function throughGateway({ through = [], ingressClass, gateway }: Flags): boolean {
  return ingressClass !== undefined || gateway !== undefined || through.some((way) => way !== undefined);
}

function chosen(flags: Flags): Partial<Record<Runtime, string>> {
  return Object.fromEntries(RUNTIMES.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]]])));
}

/** Finds the runtimes one after the other, because each may have to be installed. */
async function allRuntimes(names: readonly Runtime[], backend: Backend): Promise<RuntimeUnderTest[]> {
  const interruption = interruptions();
  const runtimes: RuntimeUnderTest[] = [];
  try {
    for (const name of names) runtimes.push(await backend.runtime(name, interruption.signal));
    interruption.signal.throwIfAborted();
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    throw new ProgramError('interrupted before the first trial', ExitCode.interrupted, { cause: error });
  } finally {
    interruption.stop();
  }
  return runtimes;
}
