/** `compare`: every runtime in every variant, and the table of what broke. */
import { Argument, Command, Option } from 'commander';
import type { TrialResult } from '../analysis/result.ts';
import { LocalCluster } from '../clusters/local/local-cluster.ts';
import { type ComparedVariant, planTrials } from '../compare/plan.ts';
import { concurrency } from '../compare/run.ts';
import { verdict } from '../compare/verdict.ts';
import { builtinLoad } from '../load/builtin/builtin.ts';
import { k6Load } from '../load/k6/k6.ts';
import { readWorkload, scaleWorkload, totalRate } from '../load/workload.ts';
import { RUNTIMES, type Runtime, VARIANTS } from '../manifests/overlays.ts';
import { projectFile } from '../project-file.ts';
import { renderTable } from '../report/terminal.ts';
import { ResultFolder, readResults } from '../results/folder.ts';
import { findRuntime } from '../runtimes.ts';
import { listOf, whole } from './argument-parsers.ts';
import { measure } from './measure.ts';

const COMPARED: readonly ComparedVariant[] = [...VARIANTS, 'control'];

interface Flags {
  runtime?: Runtime[];
  variant?: ComparedVariant[];
  repeat: number;
  rate?: number;
  load: 'builtin' | 'k6';
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
    .addOption(new Option('--load <name>', 'what makes the load').choices(['builtin', 'k6']).default('builtin'))
    .addOption(new Option('--out <dir>', 'write result.json and the traces there'))
    .addOption(new Option('--json', 'print the result as JSON instead of the table'))
    .addOption(new Option('--seed <n>', 'make the same random choices again').argParser(whole(0, 2 ** 31 - 1)))
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
  const trials = planTrials({
    runtimes: (flags.runtime ?? [...RUNTIMES]).map(findRuntime),
    variants: flags.variant ?? COMPARED,
    repeats: flags.repeat,
    workload: scaleWorkload(workload, flags.rate ?? totalRate(workload)),
    load: flags.load,
    cluster: 'local',
    seed,
  });
  const load = flags.load === 'k6' ? k6Load : builtinLoad;
  const { results, failure } = await measure({
    trials,
    clusterFor: ({ runtime, identity }) => new LocalCluster({ command: runtime.command, seed: identity.seed }),
    load,
    atATime: Math.min(trials.length, concurrency(load.name)),
    seed,
    out,
  });
  out?.writeResult(results);
  if (results.length > 0 || failure === undefined) print(results, flags);
  if (failure !== undefined) throw failure;
  const { exitCode, complaints } = verdict(results);
  for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
  process.exitCode = exitCode;
}

function print(results: readonly TrialResult[], { json }: Flags): void {
  process.stdout.write(json ? `${JSON.stringify(ResultFolder.result(results), null, 2)}\n` : renderTable(results));
}
