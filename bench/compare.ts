/**
 * How long `compare` takes, and whether its verdicts and its load hold: `npm run bench:compare`, or `-- N` for N runs.
 * Processor time is that of the whole machine, so nothing else may run.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { TrialResult } from '../src/analysis/result.ts';
import { projectFile } from '../src/project-file.ts';
import { record } from './record.ts';
import { median, rounded } from './statistics.ts';

const RUNS = Number(process.argv[2] ?? 10);

interface Row {
  wallS: number;
  firstVerdictS: number;
  /** Of all processors, from the first to the last second. */
  processorShare: number;
  trials: number;
  invalid: number;
  /** Trials whose load was late at first. */
  measuredTwice: number;
  /** Requests that broke in valid variants and controls. */
  brokenInValid: number;
  /** Variants that lack a fix and broke nothing. */
  brokenButClean: number;
  unexplained: number;
}

async function run(): Promise<Row> {
  const startedMs = performance.now();
  const before = busyMs();
  const child = spawn(process.execPath, [projectFile('dist/cli.js'), 'compare', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const firstVerdictMs = firstVerdict(child).then(() => performance.now() - startedMs);
  let json = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    json += text;
  });
  await once(child, 'close');
  const wallMs = performance.now() - startedMs;
  const usedMs = busyMs() - before;
  const { trials } = JSON.parse(json) as { trials: TrialResult[] };
  const clean = ({ variant }: TrialResult) => variant === 'valid' || variant === 'control';
  const sum = (some: readonly TrialResult[], value: (trial: TrialResult) => number) =>
    some.reduce((total, trial) => total + value(trial), 0);
  return {
    wallS: rounded(wallMs / 1000),
    firstVerdictS: rounded((await firstVerdictMs) / 1000),
    processorShare: rounded(usedMs / (wallMs * availableParallelism())),
    trials: trials.length,
    invalid: trials.filter(({ valid }) => !valid).length,
    measuredTwice: trials.filter(({ discarded }) => discarded).length,
    brokenInValid: sum(trials.filter(clean), ({ failed }) => failed),
    brokenButClean: trials.filter((trial) => !clean(trial) && trial.failed === 0).length,
    unexplained: sum(trials, ({ causes }) => causes.unexplained ?? 0),
  };
}

/** Resolves when the progress has a line for a trial. */
async function firstVerdict(child: ChildProcess): Promise<void> {
  let text = '';
  for await (const chunk of child.stderr?.setEncoding('utf8') ?? []) {
    text += chunk;
    if (!text.includes('[1/')) continue;
    child.stderr?.resume();
    return;
  }
}

/** Processor time of this machine since it started, in ms. */
function busyMs(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)
    .join()
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softirq) * 10;
}

const rows: Row[] = [];
for (let i = 0; i < RUNS; i++) rows.push(await run());
const walls = rows.map(({ wallS }) => wallS);
record('compare', rows, {
  runs: RUNS,
  wallS: { least: Math.min(...walls), median: rounded(median(walls)), most: Math.max(...walls) },
  invalid: rows.reduce((total, { invalid }) => total + invalid, 0),
  measuredTwice: rows.reduce((total, { measuredTwice }) => total + measuredTwice, 0),
});
