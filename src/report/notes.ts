/** What has to be known to read the results, one sentence a line. */
import { upperBound } from '../analysis/bounds.ts';
import { BY_HAND, type TrialResult } from '../analysis/result.ts';
import { largest, smallest } from '../extremes.ts';
import type { Run } from '../results/run.ts';
import { count, counted, percent } from './format.ts';

const EXPOSED =
  'the requests exposed to the rollout: in flight or started from the first deletion until the last router had forgotten the last old pod (control: all requests).';

export function notes({ kind, trials }: Pick<Run, 'kind' | 'trials'>): string[] {
  return kind === 'comparison' ? comparisonNotes(trials) : ownServiceNotes(trials);
}

export function comparisonNotes(trials: readonly TrialResult[]): string[] {
  const lines = trials.some((trial) => trial.cluster !== BY_HAND)
    ? [`"N" in "0 of N" counts ${EXPOSED}`]
    : [
        '"N" in "0 of N" counts all requests. These results were measured by hand, without a view of the pods, so every cause is unknown.',
      ];
  const clean = cleanReplacements(trials);
  if (clean !== undefined) lines.push(clean);
  const repeats = largest(
    trials.map((trial) => trial.repeat + 1),
    0,
  );
  if (repeats > 1) lines.push(`Each cell adds up ${repeats} rollouts.`);
  if (trials.some((trial) => trial.pid1 === false)) {
    lines.push(
      'Processes were not PID 1 here, so one without a SIGTERM handler died at once; in a container the signal is ignored.',
    );
  }
  const retries = trials.reduce((sum, trial) => sum + (trial.hiddenRetries ?? 0), 0);
  if (retries > 0)
    lines.push(`${counted(retries, 'request')} reached a pod twice: the client repeated them by itself.`);
  return lines;
}

/** For the rollouts of a user's own service. */
export function ownServiceNotes(trials: readonly TrialResult[]): string[] {
  const lines = [`"Exposed" counts ${EXPOSED}`];
  const before = trials.reduce((sum, { failedBefore }) => sum + failedBefore, 0);
  if (before > 0) {
    lines.push(`Not counted: ${counted(before, 'request')} that failed before the rollout could break any.`);
  }
  if (trials.some(({ headless }) => headless)) {
    lines.push(
      'The Service is headless. It is assumed that clients ask DNS for each new connection, keep no answer, and know the port that the pods listen on: a headless Service maps none.',
    );
  }
  if (trials.some((trial) => trial.hiddenRetries === null)) {
    lines.push('Unknown: whether a client repeated a request by itself (no response carried x-request-count).');
  }
  if (trials.some((trial) => trial.pid1 === false)) {
    lines.push('Unknown: what the command does with SIGTERM as PID 1, which it is in a container and was not here.');
  }
  return lines;
}

/**
 * A bound that holds however failures come together. That of requests supposes that each fails by itself, and they do not:
 * a pod that ends too early breaks a bunch of them (bench/results/honest-bound.json).
 */
function cleanReplacements(trials: readonly TrialResult[]): string | undefined {
  const valid = trials.filter((trial) => trial.variant === 'valid');
  const runtimes = [...new Set(valid.map((trial) => trial.runtime))];
  const replaced = runtimes.map((runtime) =>
    valid.filter((trial) => trial.runtime === runtime).reduce((sum, trial) => sum + trial.podsReplaced, 0),
  );
  const fewest = smallest(replaced);
  if (runtimes.length === 0 || fewest === 0 || valid.some((trial) => trial.failed > 0)) return undefined;
  const on = runtimes.length === 1 ? '' : ' on each runtime';
  const none =
    fewest === 1
      ? `The one replaced pod${on} dropped no request`
      : `None of the ${count(fewest)} replaced pods${on} dropped a request`;
  return `Failures cluster by pod. ${none}, so at most ${percent(upperBound(0, fewest))} of pods do (95 % confidence).`;
}
