/** What the rollouts of one service say in the end. */
import type { TrialResult } from '../analysis/result.ts';
import { ExitCode, ProgramError } from '../errors.ts';
import type { Trace } from '../trace/trace.ts';

export interface OwnVerdict {
  state: 'ok' | 'broke' | 'invalid';
  exitCode: number;
  /** Why the measurement cannot be trusted, a line each. */
  complaints: string[];
}

/** Invalid when a trial is, else broken when a rollout broke more than `maxFailed` requests. */
export function ownVerdict(trials: readonly TrialResult[], traces: readonly Trace[], maxFailed: number): OwnVerdict {
  const complaints = trials
    .filter((trial) => !trial.valid)
    .map((trial) => `invalid: ${trialName(trial)}: ${trial.invalidReasons.join('; ')}`);
  if (trials.length === 0) complaints.push('invalid: there are no results');
  if (complaints.length > 0) {
    const hint = traces.map(statusHint).find((text) => text !== undefined);
    return {
      state: 'invalid',
      exitCode: ExitCode.invalidMeasurement,
      complaints: [...complaints, ...(hint ? [hint] : [])],
    };
  }
  const broke = trials.some((trial) => trial.variant !== 'control' && trial.failed > maxFailed);
  return broke
    ? { state: 'broke', exitCode: ExitCode.brokeRequests, complaints }
    : { state: 'ok', exitCode: ExitCode.ok, complaints };
}

export function trialName({ variant, repeat }: Pick<TrialResult, 'variant' | 'repeat'>): string {
  return variant === 'control' ? 'control' : `rollout ${repeat + 1}`;
}

/** What a command that does not come up may lack, where the user has not said which port it listens on. */
export function portHint(failure: unknown): unknown {
  if (!(failure instanceof ProgramError) || failure.exitCode !== ExitCode.environment) return failure;
  // Express 5 is among those that end with 0 when their port is taken.
  if (!/EADDRINUSE|in use|exited \(0\)|did not become ready/i.test(failure.message)) return failure;
  const hint = 'a command that listens on a port of its own, and not on $PORT, needs --port N';
  return new ProgramError(`${failure.message} (${hint})`, failure.exitCode, { cause: failure });
}

/** A path that the service does not serve looks like a broken service; the statuses before any rollout tell. */
function statusHint({ load, disruption }: Trace): string | undefined {
  const untilMs = disruption?.atMs ?? Number.POSITIVE_INFINITY;
  const statuses = load.failures
    .filter(({ client, startedMs }) => client.error === 'status' && startedMs < untilMs)
    .map(({ client }) => client.status);
  const [status] = statuses;
  if (status === undefined || statuses.some((other) => other !== status)) return undefined;
  return `${statuses.length} requests were answered ${status} with no rollout going on: name a path that answers 2xx with --path`;
}
