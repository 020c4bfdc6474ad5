/** `run --find-fix`: the smallest set of fixes that stops the user's own service from breaking requests. */
import type { Advice } from '../analysis/advice.ts';
import { SERVER_CHANGES } from '../analysis/changes.ts';
import type { FixResult } from '../analysis/fix-result.ts';
import { type FoundFix, findFix } from '../find-fix/find-fix.ts';
import { componentOf, flagsOf } from '../find-fix/patch.ts';
import { FIXES } from '../manifests/overlays.ts';
import { type LocalService, localServiceBackend } from '../own-service/plan.ts';
import { changeInWords } from '../report/advice.ts';
import { type MeasuredTrial, measuredRun, newRun } from '../results/run.ts';
import { conclude } from './conclude.ts';
import { measure } from './measure.ts';
import { folderFor, type ReportFlags } from './report-rollouts.ts';

export interface FindFixFlags extends ReportFlags {
  repeat: number;
  /** The deployment came from flags, so the fix is printed as flags too. */
  fromFlags: boolean;
}

/** @throws the error that ended the search early, after saving and printing what was measured */
export async function findFixOf(service: LocalService, seed: number, flags: FindFixFlags): Promise<void> {
  const out = folderFor(flags);
  const identity = newRun('find-fix', flags.maxFailed);
  const backend = localServiceBackend(service);
  const measured: MeasuredTrial[] = [];
  let found: FoundFix;
  try {
    found = await findFix(service, {
      repeats: flags.repeat,
      maxFailed: flags.maxFailed,
      run: identity.id,
      seed,
      async measure(plans, what) {
        const now = await measure(plans, backend, { seed, out, what, logs: flags.logs });
        measured.push(...now.measured);
        const results = now.measured.map(({ result }) => result);
        if (now.failure !== undefined) throw now.failure;
        return { results, traces: now.measured.map(({ trace }) => trace) };
      },
    });
  } catch (failure) {
    return conclude(measuredRun(identity, measured), { out, json: flags.json, failure });
  }
  const component = found.state === 'found' ? componentOf(service.manifests.workload, found.patch) : null;
  const run = measuredRun(identity, measured, { advice: found.advice, fix: fixResult(found, component) });
  conclude(run, { out, json: flags.json, fixFlags: flags.fromFlags ? flagsOf(found.patch) : undefined });
}

/** Without valid trials, the reasons for not trying a fix are unknown, so they are left out. */
function fixResult({ state, changes, untried, tried, rest }: FoundFix, component: string | null): FixResult {
  return {
    state,
    changes: changes.map(({ fix, what }) => ({ fix, what })),
    component,
    untried: state === 'invalid' ? [] : untried,
    rest: rest ? restOf(rest) : [],
    tried: tried.map((outcome) => ({ ...outcome, set: [...outcome.set], failed: [...outcome.failed] })),
  };
}

/** What must be changed elsewhere: in the server, or in a hook or probe that only its author can write. */
function restOf(advice: Advice): FixResult['rest'] {
  return advice.changes
    .filter(({ change }) => !FIXES.some((fix) => fix === change) || SERVER_CHANGES.includes(change))
    .map(({ change, removes }) => ({ change, what: changeInWords(change, advice), removes }));
}
