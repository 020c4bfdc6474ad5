/** What a run says in one sentence, without the full stop. */
import { upperBound } from '../analysis/bounds.ts';
import { type FixResult, onlyServerIsLeft } from '../analysis/fix-result.ts';
import type { TrialResult } from '../analysis/result.ts';
import { largest } from '../extremes.ts';
import type { Judgement } from '../results/judge.ts';
import type { Run } from '../results/run.ts';
import { CONTROL } from '../results/trial-name.ts';
import { count, counted, percent, rate } from './format.ts';
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
      return fixHeadline(run.fix);
  }
}

/** The headline of a comparison: what the valid variant broke, where it was rolled. */
export function comparisonHeadline(trials: readonly TrialResult[]): Headline {
  const valid = trials.filter((trial) => trial.variant === 'valid');
  const cells = matrix(valid).rows.flatMap((row) => row.cells.filter((cell) => cell !== undefined));
  if (cells.length === 0) return { text: 'Requests broken by one rolling update', mood: 'neutral' };
  const failed = cells.reduce((sum, cell) => sum + cell.failed, 0);
  const exposed = cells.reduce((sum, cell) => sum + cell.exposed, 0);
  const broke = `valid: ${count(failed)} of ${counted(exposed, 'exposed request')} broke`;
  if (failed > 0) return { text: broke, mood: 'bad' };
  const worst = largest(cells.map((cell) => cell.failedUpperBound));
  return { text: `${broke} (at most ${percent(worst)} on each runtime, 95 % confidence)`, mood: 'good' };
}

function ownServiceHeadline(trials: readonly TrialResult[], state: Judgement['state']): Headline {
  const rollouts = trials.filter((trial) => trial.variant !== CONTROL);
  if (rollouts.length === 0) return { text: 'INVALID: no rollout was measured', mood: 'unknown' };
  const sum = (value: (trial: TrialResult) => number) => rollouts.reduce((total, trial) => total + value(trial), 0);
  const [failed, exposed] = [sum((trial) => trial.failed), sum((trial) => trial.exposed)];
  const broke = `${count(failed)} of ${counted(exposed, 'exposed request')} broke in ${counted(rollouts.length, 'rollout')}`;
  if (state === 'invalid') {
    return { text: `INVALID: ${broke}, but the measurement cannot be trusted`, mood: 'unknown' };
  }
  if (failed === 0) {
    return { text: `OK: ${broke} (at most ${percent(upperBound(failed, exposed))}, 95 % confidence)`, mood: 'good' };
  }
  const perPod = `${rate(
    failed /
      Math.max(
        1,
        sum((trial) => trial.podsReplaced),
      ),
  )} per pod replaced`;
  return state === 'ok'
    ? { text: `OK: ${broke} (${perPod}), no more than allowed`, mood: 'good' }
    : { text: `BROKEN: ${broke} (${perPod})`, mood: 'bad' };
}

/** Without a result the search did not come to its end. */
function fixHeadline(fix: FixResult | undefined): Headline {
  if (!fix) return { text: 'INVALID: the search for a fix did not come to its end', mood: 'unknown' };
  const { state, changes, tried } = fix;
  if (state === 'invalid') {
    return {
      text: 'INVALID: the measurement cannot be trusted, so the search for a fix was given up',
      mood: 'unknown',
    };
  }
  if (state === 'nothing-to-fix') {
    return { text: 'OK: no rollout of the service as it is broke more requests than allowed', mood: 'good' };
  }
  if (state === 'not-found') {
    const text = onlyServerIsLeft(fix)
      ? 'NOT FOUND in the manifest: only the server can fix the rest'
      : 'NOT FOUND: no set of the fixes that could be tried stops the failures';
    return { text, mood: 'bad' };
  }
  const names = changes.map(({ fix }) => fix).sort();
  const proof = tried.find(({ set }) => set.length === names.length && [...set].sort().join() === names.join());
  const size = changes.length === 1 ? 'this change' : `these ${changes.length} changes together`;
  const held = counted(proof?.failed.length ?? 0, 'rollout');
  return { text: `FOUND: ${size} held in ${held}, and no smaller set did`, mood: 'good' };
}
