/** What the results say in a sentence, and what has to be known to read them. */
import { upperBound } from '../analysis/bounds.ts';
import { BY_HAND, type TrialResult } from '../analysis/result.ts';
import { count, percent } from './format.ts';
import type { Cell } from './summary.ts';

export interface Headline {
  text: string;
  /** Whether valid variants broke nothing; undefined where none ran. */
  clean: boolean | undefined;
}

/** Of the cells of the valid variant. */
export function headline(valid: readonly (Cell | undefined)[]): Headline {
  const cells = valid.filter((cell) => cell !== undefined);
  if (cells.length === 0) return { text: 'Requests broken by one rolling update', clean: undefined };
  const failed = cells.reduce((sum, cell) => sum + cell.failed, 0);
  const exposed = cells.reduce((sum, cell) => sum + cell.exposed, 0);
  const worst = Math.max(...cells.map((cell) => cell.failedUpperBound));
  return failed === 0
    ? {
        text: `valid: 0 of ${count(exposed)} exposed requests broke (at most ${percent(worst)} on each runtime, 95 % confidence)`,
        clean: true,
      }
    : { text: `valid: ${count(failed)} of ${count(exposed)} exposed requests broke`, clean: false };
}

/** One sentence a line. */
export function notes(trials: readonly TrialResult[]): string[] {
  const lines = trials.some((trial) => trial.cluster !== BY_HAND)
    ? ['Of: requests started between the first deletion and the last exit of an old pod (in the control: all).']
    : ['Of: all requests. Nobody saw the pods of what was measured by hand, so no cause is known.'];
  const bunches = cleanReplacements(trials);
  if (bunches !== undefined) lines.push(bunches);
  const repeats = Math.max(...trials.map((trial) => trial.repeat + 1));
  if (repeats > 1) lines.push(`Each cell adds up ${repeats} rollouts.`);
  if (trials.some((trial) => trial.pid1 === false)) {
    lines.push(
      'Processes were not PID 1 here, so one without a SIGTERM handler died at once; in a container it is ignored.',
    );
  }
  const retries = trials.reduce((sum, trial) => sum + (trial.hiddenRetries ?? 0), 0);
  if (retries > 0) lines.push(`${count(retries)} requests reached a pod twice: the client repeated them by itself.`);
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
  const fewest = Math.min(...replaced);
  if (runtimes.length === 0 || fewest === 0 || valid.some((trial) => trial.failed > 0)) return undefined;
  const share = percent(upperBound(0, fewest));
  return `Failures come in bunches, pod by pod: of ${count(fewest)} pods replaced on each runtime none broke a request, so at most ${share} do (95 % confidence).`;
}
