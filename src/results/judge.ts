/** What a run comes to: its state, its exit code, and a complaint for each problem. Pure; every report is made from it. */
import { onlyServerIsLeft } from '../analysis/fix-result.ts';
import type { TrialResult } from '../analysis/result.ts';
import { ExitCode } from '../errors.ts';
import { largest, smallest } from '../extremes.ts';
import type { Run } from './run.ts';
import { CONTROL, trialName } from './trial-name.ts';

/** Runtimes whose keep-alive requests found a used connection more or less often than this were not given the same load. */
const MAX_REUSE_DIFFERENCE = 0.05;

export interface Complaint {
  /** `hint`: what may have made the measurement invalid. */
  kind: 'invalid' | 'broke' | 'not-found' | 'hint';
  /** The name of the trial it is about; absent where it is about the whole run. */
  trial?: string;
  /** What is wrong with it, without its name. */
  text: string;
}

export interface Judgement {
  /** `broke`: more requests broke than allowed. */
  state: 'ok' | 'broke' | 'invalid';
  exitCode: number;
  complaints: readonly Complaint[];
}

/** What a judgement needs to know of a run. */
export type Judged = Pick<Run, 'kind' | 'maxFailed' | 'trials' | 'hints' | 'fix'>;

const EXIT_CODES: Record<Judgement['state'], number> = {
  ok: ExitCode.ok,
  broke: ExitCode.brokeRequests,
  invalid: ExitCode.invalidMeasurement,
};

/** `invalid` when a measurement cannot be trusted, else `broke` when more broke than this kind of run allows. */
export function judge(run: Judged): Judgement {
  const complaints = { comparison, 'own-service': ownService, 'find-fix': findFix }[run.kind](run);
  const invalid = complaints.some(({ kind }) => kind === 'invalid');
  const state = invalid ? 'invalid' : complaints.length > 0 ? 'broke' : 'ok';
  const hints = invalid && run.kind !== 'comparison' ? run.hints.map(hint) : [];
  return { state, exitCode: EXIT_CODES[state], complaints: [...complaints, ...hints] };
}

/** Valid variants must break nothing; what the others break is what they are there to show. */
function comparison({ trials }: Judged): Complaint[] {
  return [
    ...(trials.length === 0 ? [invalid('there are no results')] : []),
    ...invalidTrials(trials),
    ...reuseComplaints(trials),
    ...brokenTrials(
      trials.filter((trial) => trial.variant === 'valid'),
      0,
    ),
  ];
}

/** A rollout may break `maxFailed` requests; without a control nobody knows what the rollout is to blame for. */
function ownService({ trials, maxFailed }: Judged): Complaint[] {
  const rollouts = trials.filter((trial) => trial.variant !== CONTROL);
  const lacking =
    trials.length === 0
      ? ['there are no results']
      : [
          ...(rollouts.length === 0 ? ['no rollout was measured'] : []),
          ...(rollouts.length === trials.length ? ['no control was measured'] : []),
        ];
  return [...lacking.map(invalid), ...invalidTrials(trials), ...brokenTrials(rollouts, maxFailed)];
}

/** The sets of fixes that were tried may break what they like; what counts is what the search came to. */
function findFix({ trials, fix }: Judged): Complaint[] {
  if (!fix) return [invalid('the search for a fix did not come to its end'), ...invalidTrials(trials)];
  if (fix.state === 'not-found') {
    const text = onlyServerIsLeft(fix)
      ? 'no change of the manifest stops the failures: only the server can fix the rest'
      : 'no set of the fixes that could be tried stops the failures';
    return [{ kind: 'not-found', text }];
  }
  if (fix.state !== 'invalid') return [];
  return [invalid('the search for a fix could not go on without valid trials'), ...invalidTrials(trials)];
}

function invalidTrials(trials: readonly TrialResult[]): Complaint[] {
  return trials
    .filter((trial) => !trial.valid)
    .map((trial) => ({ kind: 'invalid', trial: trialName(trial), text: trial.invalidReasons.join('; ') }));
}

function brokenTrials(trials: readonly TrialResult[], maxFailed: number): Complaint[] {
  const allowed = maxFailed === 0 ? '' : `, ${maxFailed} allowed`;
  return trials
    .filter(({ failed }) => failed > maxFailed)
    .map((trial) => ({
      kind: 'broke',
      trial: trialName(trial),
      text: `broke ${trial.failed} ${trial.failed === 1 ? 'request' : 'requests'}${allowed}`,
    }));
}

/** Deno 2.8.3 to 2.9.5, for one, closed after every longer POST: without this check that would look like another result. */
function reuseComplaints(trials: readonly TrialResult[]): Complaint[] {
  const means = new Map<string, number>();
  for (const runtime of new Set(trials.map((trial) => trial.runtime))) {
    const shares = trials
      .filter((trial) => trial.runtime === runtime && trial.variant === CONTROL)
      .flatMap((trial) => trial.connectionReuse ?? []);
    if (shares.length > 0) means.set(runtime, shares.reduce((sum, share) => sum + share, 0) / shares.length);
  }
  if (means.size < 2 || largest(means.values()) - smallest(means.values()) <= MAX_REUSE_DIFFERENCE) return [];
  const list = [...means].map(([runtime, share]) => `${runtime} ${(share * 100).toFixed(1)} %`).join(', ');
  return [
    invalid(`the runtimes reused connections to different degrees, so their results cannot be compared: ${list}`),
  ];
}

function invalid(text: string): Complaint {
  return { kind: 'invalid', text };
}

function hint(text: string): Complaint {
  return { kind: 'hint', text };
}
