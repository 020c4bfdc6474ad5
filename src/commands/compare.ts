/** `compare`: every runtime in every variant, and the table of what broke. */
import { Argument, Command, Option } from 'commander';
import type { TrialResult } from '../analysis/result.ts';
import { type Backend, kubernetesBackend, localBackend } from '../compare/backend.ts';
import { type ComparedVariant, planTrials } from '../compare/plan.ts';
import { verdict } from '../compare/verdict.ts';
import { InputError } from '../errors.ts';
import { readWorkload, scaleWorkload, totalRate } from '../load/workload.ts';
import { RUNTIMES, type Runtime, VARIANTS } from '../manifests/overlays.ts';
import { projectFile } from '../project-file.ts';
import { renderTable } from '../report/terminal.ts';
import { ResultFolder, readResults } from '../results/folder.ts';
import { writeReports } from '../results/reports.ts';
import { listOf, whole } from './argument-parsers.ts';
import { measure } from './measure.ts';

const K6_IMAGE = 'grafana/k6:1.8.1';
const COMPARED: readonly ComparedVariant[] = [...VARIANTS, 'control'];

interface Flags {
  runtime?: Runtime[];
  variant?: ComparedVariant[];
  repeat: number;
  rate?: number;
  on: 'local' | 'kubernetes';
  context?: string;
  namespace?: string;
  images?: string;
  url?: string;
  loadPods?: number;
  k6Image?: string;
  load?: 'builtin' | 'k6';
  out?: string;
  json?: boolean;
  seed?: number;
}

export function compareCommand(): Command {
  return new Command('compare')
    .summary('roll each runtime in each variant and compare what broke')
    .description(
      'Rolls the same app on Node, Bun and Deno in each variant under load and prints how many requests broke, and why.\n' +
        'With DIR: prints the table of results saved there, k6 summaries included, and runs nothing.',
    )
    .addArgument(new Argument('[dir]', 'a folder with saved results'))
    .addOption(new Option('--runtime <names>', 'runtimes, comma-separated').argParser(listOf('runtime', RUNTIMES)))
    .addOption(new Option('--variant <names>', 'variants, comma-separated').argParser(listOf('variant', COMPARED)))
    .addOption(new Option('--repeat <n>', 'trials of each').default(1).argParser(whole(1, 1000)))
    .addOption(
      new Option('--rate <n>', 'requests per second of each trial, over all scenarios').argParser(whole(1, 20_000)),
    )
    .addOption(new Option('--on <where>', 'where it runs').choices(['local', 'kubernetes']).default('local'))
    .addOption(
      new Option('--load <name>', 'what makes the load (default: builtin, and k6 within a cluster)').choices([
        'builtin',
        'k6',
      ]),
    )
    .addOption(new Option('--out <dir>', 'write result.json, report.html and the traces there'))
    .addOption(new Option('--json', 'print the result as JSON instead of the table'))
    .addOption(new Option('--seed <n>', 'make the same random choices again').argParser(whole(0, 2 ** 31 - 1)))
    .optionsGroup('With --on kubernetes:')
    .addOption(new Option('--context <name>', 'the kubeconfig context (default: the current one)'))
    .addOption(new Option('--namespace <prefix>', "what its namespaces' names begin with (default: rollout-test)"))
    .addOption(new Option('--images <prefix>', 'registry and path of the images, as in registry.example.com/team'))
    .addOption(new Option('--load-pods <n>', 'pods that share the load (default: 1)').argParser(whole(1, 100)))
    .addOption(new Option('--k6-image <image>', `k6 within the cluster (default: ${K6_IMAGE})`))
    .addOption(new Option('--url <url>', 'load from this machine instead, as in http://NODE:{nodePort}'))
    .action(compare);
}

async function compare(dir: string | undefined, flags: Flags): Promise<void> {
  if (dir !== undefined) {
    const saved = readResults(dir);
    print(saved, flags);
    process.exitCode = verdict(saved).exitCode;
    return;
  }
  const seed = flags.seed ?? Math.floor(Math.random() * 2 ** 31);
  const workload = readWorkload(projectFile('workload.json'));
  const out = flags.out === undefined ? undefined : new ResultFolder(flags.out);
  const backend = await backendFor(flags);
  const trials = planTrials({
    runtimes: (flags.runtime ?? [...RUNTIMES]).map((name) => backend.runtime(name)),
    variants: flags.variant ?? COMPARED,
    repeats: flags.repeat,
    workload: scaleWorkload(workload, flags.rate ?? totalRate(workload)),
    load: backend.load.name,
    cluster: backend.name,
    seed,
  });
  const { results, failure } = await measure({
    trials,
    clusterFor: backend.clusterFor,
    load: backend.load,
    atATime: Math.min(trials.length, backend.atATime),
    seed,
    out,
  });
  out?.writeResult(results);
  if (flags.out !== undefined && results.length > 0) writeReports(flags.out);
  if (results.length > 0 || failure === undefined) print(results, flags);
  if (failure !== undefined) throw failure;
  const { exitCode, complaints } = verdict(results);
  for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
  process.exitCode = exitCode;
}

/** @throws InputError for flags that the place chosen does not know */
async function backendFor(flags: Flags): Promise<Backend> {
  const { on, load, context, namespace, images, url, loadPods, k6Image } = flags;
  if (on === 'local') {
    const stray = Object.entries({ context, namespace, images, url, loadPods, k6Image }).find(([, value]) => value);
    if (stray) {
      const flag = stray[0].replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      throw new InputError(`--${flag} is for a cluster: add --on kubernetes`);
    }
    return localBackend(load ?? 'builtin');
  }
  return kubernetesBackend({
    namespace: namespace ?? 'rollout-test',
    k6Image: k6Image ?? K6_IMAGE,
    loadPods: loadPods ?? 1,
    ...(context === undefined ? {} : { context }),
    ...(images === undefined ? {} : { images }),
    ...(url === undefined ? {} : { url }),
    ...(load === undefined ? {} : { load }),
    onCleanUp(left) {
      process.stderr.write(`removed what an earlier run had left: namespace ${left.join(', ')}\n`);
    },
  });
}

function print(results: readonly TrialResult[], { json }: Flags): void {
  process.stdout.write(json ? `${JSON.stringify(ResultFolder.result(results), null, 2)}\n` : renderTable(results));
}
