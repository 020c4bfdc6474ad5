/** What a run says in one sentence, without the full stop. */
import { upperBound } from '../analysis/bounds.ts';
import { type FixResult, onlyServerIsLeft } from '../analysis/fix-result.ts';
import type { TrialResult } from '../analysis/result.ts';
import { largest } from '../extremes.ts';
import type { Judgement } from '../results/judge.ts';
import type { Run } from '../results/run.ts';
import { OWN } from '../results/trial-name.ts';
import { isControl } from '../trace/controls.ts';
import { changeInWords, otherThanRollout } from './change-words.ts';
import { count, counted, percent, rate } from './format.ts';
import { rolledName } from './names.ts';
import { matrix } from './summary.ts';

/** `unknown`: the measurement cannot be trusted; `neutral`: nothing was meant to hold. */
export type Mood = 'good' | 'bad' | 'unknown' | 'neutral';

export interface Headline {
  text: string;
  mood: Mood;
}

export function headline(run: Pick<Run, 'kind' | 'trials' | 'fix'>, { state }: Pick<Judgement, 'state'>): Headline {
  switch (run.kind) {
    case 'comparison':
      return comparisonHeadline(run.trials);
    case 'own-service':
      return ownServiceHeadline(run.trials, state);
    case 'find-fix':
      return fixHeadline(run.fix, run.trials);
  }
}

/** The headline of a comparison: what the valid variant broke, where it was rolled. */
export function comparisonHeadline(trials: readonly TrialResult[]): Headline {
  const valid = trials.filter((trial) => trial.variant === 'valid');
  const cells = matrix(valid).rows.flatMap((row) => row.cells.filter((cell) => cell !== undefined));
  if (cells.length === 0 && trials.length > 0 && trials.every(({ variant }) => isControl(variant)))
    return { text: 'Requests lost without a rollout', mood: 'neutral' };
  if (cells.length === 0)
    return { text: `Requests broken by one ${otherThanRollout(trials) ?? 'rolling update'}`, mood: 'neutral' };
  const failed = cells.reduce((sum, cell) => sum + cell.failed, 0);
  const exposed = cells.reduce((sum, cell) => sum + cell.exposed, 0);
  const event = otherThanRollout(valid);
  const broke = `valid${event === undefined ? '' : `, ${event}`}: ${count(failed)} of ${counted(exposed, 'exposed request')} broke`;
  if (failed > 0) return { text: broke, mood: 'bad' };
  const worst = largest(cells.map((cell) => cell.failedUpperBound));
  return { text: `${broke} (at most ${percent(worst)} on each runtime, 95 % confidence)`, mood: 'good' };
}

function ownServiceHeadline(trials: readonly TrialResult[], state: Judgement['state']): Headline {
  const rollouts = trials.filter((trial) => !isControl(trial.variant));
  const [first] = rollouts;
  if (!first) return { text: 'INVALID: no rollout was measured', mood: 'unknown' };
  const sum = (value: (trial: TrialResult) => number) => rollouts.reduce((total, trial) => total + value(trial), 0);
  const [failed, exposed, replaced] = [
    sum((trial) => trial.failed),
    sum((trial) => trial.exposed),
    sum((trial) => trial.podsReplaced),
  ];
  const broke = `${rolledName(first)}: ${changeInWords(first, rollouts)} broke ${count(failed)} of ${counted(exposed, 'exposed request')}`;
  if (state === 'invalid') {
    return { text: `INVALID: ${broke}, but the measurement cannot be trusted`, mood: 'unknown' };
  }
  if (failed === 0 && state === 'broke') {
    return { text: `${broke}, but requests after pauses were lost without a rollout`, mood: 'bad' };
  }
  if (failed === 0) {
    return { text: `${broke} (at most ${percent(upperBound(failed, exposed))}, 95 % confidence)`, mood: 'good' };
  }
  const perPod = replaced > 1 ? ` (${rate(failed / replaced)} per pod)` : '';
  return state === 'ok'
    ? { text: `${broke}${perPod}, no more than --max-failed allows`, mood: 'good' }
    : { text: `${broke}${perPod}`, mood: 'bad' };
}

/** Without a result the search did not come to its end. */
function fixHeadline(fix: FixResult | undefined, trials: readonly TrialResult[]): Headline {
  const server = rolledName(trials[0] ?? { runtime: OWN });
  if (!fix) return { text: `INVALID: the search for a fix for ${server} did not finish`, mood: 'unknown' };
  const { state, changes, tried } = fix;
  if (state === 'invalid') {
    return {
      text: `INVALID: the search for a fix for ${server} was given up, because the measurement cannot be trusted`,
      mood: 'unknown',
    };
  }
  if (state === 'nothing-to-fix') {
    return { text: `NOTHING TO FIX: no rollout of ${server} broke more requests than allowed`, mood: 'good' };
  }
  if (state === 'not-found') {
    const text = onlyServerIsLeft(fix)
      ? `NOT FOUND: no change to the manifest of ${server} is enough; the rest must be fixed in the server`
      : `NOT FOUND: none of the changes that could be tried stops the failures of ${server}`;
    return { text, mood: 'bad' };
  }
  const names = changes.map(({ fix }) => fix).sort();
  const proof = tried.find(({ set }) => set.length === names.length && [...set].sort().join() === names.join());
  const failed = proof?.failed ?? [];
  const size = changes.length === 1 ? 'this change' : `these ${changes.length} changes`;
  const broke = failed.every((requests) => requests === 0) ? 'no requests' : 'no more requests than allowed';
  return {
    text: `FOUND: with ${size}, ${counted(failed.length, 'rollout')} of ${server} broke ${broke}; nothing smaller was enough`,
    mood: 'good',
  };
}
