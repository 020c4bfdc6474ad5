/** `run --find-fix`: the smallest set of fixes that stops the user's own service from breaking requests. */
import type { FixResult } from '../analysis/fix-result.ts';
import type { TrialResult } from '../analysis/result.ts';
import { ExitCode } from '../errors.ts';
import { type FoundFix, findFix } from '../find-fix/find-fix.ts';
import { componentOf, flagsOf } from '../find-fix/patch.ts';
import { type LocalService, localServiceBackend } from '../own-service/plan.ts';
import { renderFoundFix } from '../report/found-fix.ts';
import { ResultFolder } from '../results/folder.ts';
import { writeReports } from '../results/reports.ts';
import { measure } from './measure.ts';

const EXIT_CODES: Record<FixResult['state'], number> = {
  'nothing-to-fix': ExitCode.ok,
  found: ExitCode.ok,
  'not-found': ExitCode.brokeRequests,
  invalid: ExitCode.invalidMeasurement,
};

export interface FindFixFlags {
  repeat: number;
  maxFailed: number;
  json: boolean;
  out: string | undefined;
  /** The deployment came from flags, so that the fix is told as flags too. */
  fromFlags: boolean;
}

export async function findFixOf(service: LocalService, seed: number, flags: FindFixFlags): Promise<void> {
  const out = flags.out === undefined ? undefined : new ResultFolder(flags.out);
  const backend = localServiceBackend(service);
  const trials: TrialResult[] = [];
  let { atATime } = backend;
  const found = await findFix(service, {
    repeats: flags.repeat,
    maxFailed: flags.maxFailed,
    seed,
    async measure(plans, what) {
      process.stderr.write(`${what}: `);
      const { results, traces, failure } = await measure(plans, { ...backend, atATime }, { seed, out });
      // A machine that is too busy for so many at a time is asked for fewer.
      if (results.some((result) => !result.valid)) atATime = Math.max(1, Math.floor(atATime / 2));
      trials.push(...results);
      out?.writeResult(trials);
      if (failure !== undefined) throw failure;
      return { results, traces };
    },
  });
  const { workload } = service.manifests;
  const fix = fixResult(found, found.state === 'found' ? componentOf(workload, found.patch) : null);
  const result = ResultFolder.result(trials, { advice: found.advice, fix });
  out?.writeResult(trials, { advice: found.advice, fix });
  if (flags.out !== undefined) writeReports(flags.out);
  process.stdout.write(
    flags.json
      ? `${JSON.stringify(result, null, 2)}\n`
      : renderFoundFix(fix, flags.fromFlags ? flagsOf(found.patch) : undefined),
  );
  process.exitCode = EXIT_CODES[found.state];
}

function fixResult({ state, changes, untried, tried }: FoundFix, component: string | null): FixResult {
  return {
    state,
    changes: changes.map(({ fix, what }) => ({ fix, what })),
    component,
    untried,
    tried: tried.map((outcome) => ({ ...outcome, set: [...outcome.set], failed: [...outcome.failed] })),
  };
}
