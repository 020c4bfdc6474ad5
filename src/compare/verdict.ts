/** What a comparison says in the end: its exit code, and a line for everything that is not as it should be. */
import type { TrialResult } from '../analysis/result.ts';
import { ExitCode } from '../errors.ts';

/** Runtimes whose keep-alive requests found a used connection more or less often than this were not given the same load. */
const MAX_REUSE_DIFFERENCE = 0.05;

export interface Verdict {
  exitCode: number;
  complaints: string[];
}

/** 3 when a measurement cannot be trusted, else 1 when a valid variant broke requests, else 0. */
export function verdict(trials: readonly TrialResult[]): Verdict {
  const invalid = trials
    .filter((trial) => !trial.valid)
    .map((trial) => `invalid: ${trialName(trial)}: ${trial.invalidReasons.join('; ')}`);
  if (trials.length === 0) invalid.push('invalid: there are no results');
  invalid.push(...reuseComplaints(trials));
  const broke = trials
    .filter((trial) => trial.variant === 'valid' && trial.failed > 0)
    .map((trial) => `${trialName(trial)} broke ${trial.failed} requests`);
  const exitCode =
    invalid.length > 0 ? ExitCode.invalidMeasurement : broke.length > 0 ? ExitCode.brokeRequests : ExitCode.ok;
  return { exitCode, complaints: [...invalid, ...broke] };
}

function trialName({ runtime, variant, repeat }: TrialResult): string {
  return `${variant}-${runtime}${repeat > 0 ? ` (repeat ${repeat + 1})` : ''}`;
}

/** Deno 2.8.3 to 2.9.5, for one, closed after every longer POST: without this check that would look like another result. */
function reuseComplaints(trials: readonly TrialResult[]): string[] {
  const means = new Map<string, number>();
  for (const runtime of new Set(trials.map((trial) => trial.runtime))) {
    const shares = trials
      .filter((trial) => trial.runtime === runtime && trial.variant === 'control')
      .flatMap((trial) => trial.connectionReuse ?? []);
    if (shares.length > 0) means.set(runtime, shares.reduce((sum, share) => sum + share, 0) / shares.length);
  }
  if (means.size < 2 || Math.max(...means.values()) - Math.min(...means.values()) <= MAX_REUSE_DIFFERENCE) return [];
  const list = [...means].map(([runtime, share]) => `${runtime} ${(share * 100).toFixed(1)} %`).join(', ');
  return [
    `invalid: the runtimes kept connections open to different degrees, so their results cannot be compared: ${list}`,
  ];
}
