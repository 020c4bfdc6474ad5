/**
 * The verdict on a run: its state, its exit code, and a complaint for each problem. Pure. Every report is made from it.
 */
import { onlyServerIsLeft } from '../analysis/fix-result.ts';
import type { TrialResult } from '../analysis/result.ts';
import { ExitCode } from '../errors.ts';
import { largest, smallest } from '../extremes.ts';
import { CONTROL, isControl, PAUSES } from '../trace/controls.ts';
import type { Run } from './run.ts';
import { trialName } from './trial-name.ts';

/**
 * If the shares of keep-alive requests on a used connection differ by more than this between runtimes, the runtimes did
 * not get the same load.
 */
const MAX_REUSE_DIFFERENCE = 0.05;

export interface Complaint {
  /** `hint`: a possible reason why the measurement is invalid. */
  kind: 'invalid' | 'broke' | 'not-found' | 'hint';
  /** The trial that it is about. Absent if it is about the whole run. */
  trial?: string;
  /** The problem, without the name of the trial. */
  text: string;
}

export interface Judgement {
  /** `broke`: more requests broke than allowed. */
  state: 'ok' | 'broke' | 'invalid';
  exitCode: number;
  complaints: readonly Complaint[];
}

/** The parts of a run that decide the verdict. */
export type Judged = Pick<Run, 'kind' | 'maxFailed' | 'trials' | 'hints' | 'fix'>;

const EXIT_CODES: Record<Judgement['state'], number> = {
  ok: ExitCode.ok,
  broke: ExitCode.brokeRequests,
  invalid: ExitCode.invalidMeasurement,
};

/** `invalid` if a measurement cannot be trusted, else `broke` if more requests broke than this kind of run allows. */
export function judge(run: Judged): Judgement {
  const complaints = { comparison, 'own-service': ownService, 'find-fix': findFix }[run.kind](run);
  const invalid = complaints.some(({ kind }) => kind === 'invalid');
  const state = invalid ? 'invalid' : complaints.length > 0 ? 'broke' : 'ok';
  const hints = invalid && run.kind !== 'comparison' ? run.hints.map(hint) : [];
  return { state, exitCode: EXIT_CODES[state], complaints: [...complaints, ...hints] };
}

/** Valid variants must break nothing. The others are there to show what breaks. */
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

/**
 * A rollout may break `maxFailed` requests, and so may a control with pauses. Without a control, it is unknown whether the
 * rollout caused the failures.
 */
function ownService({ trials, maxFailed }: Judged): Complaint[] {
  const rollouts = trials.filter((trial) => !isControl(trial.variant));
  const paused = trials.filter((trial) => trial.variant === PAUSES);
  const lacking =
    trials.length === 0
      ? ['there are no results']
      : [
          ...(rollouts.length === 0 ? ['no rollout was measured'] : []),
          ...(!trials.some((trial) => trial.variant === CONTROL) ? ['no control was measured'] : []),
        ];
  return [...lacking.map(invalid), ...invalidTrials(trials), ...brokenTrials([...rollouts, ...paused], maxFailed)];
}

/** The sets of fixes that were tried may break any number of requests. Only the result of the search counts. */
function findFix({ trials, fix }: Judged): Complaint[] {
  if (!fix) return [invalid('the search for a fix did not finish'), ...invalidTrials(trials)];
  if (fix.state === 'not-found') {
    const text = onlyServerIsLeft(fix)
      ? 'no change to the manifest stops the failures: the rest must be fixed in the server'
      : 'no set of the fixes that could be tried stops the failures';
    return [{ kind: 'not-found', text }];
  }
  if (fix.state !== 'invalid') return [];
  return [invalid('the search for a fix stopped, because its trials were invalid'), ...invalidTrials(trials)];
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

/**
 * Deno 2.8.3 to 2.9.5, for example, closed the connection after every longer POST. Without this check, that would look
 * like a difference in the results.
 */
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
