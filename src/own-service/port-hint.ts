import { ExitCode, ProgramError } from '../errors.ts';

/** The failure with what a command that does not come up may lack, where the user has not said which port it listens on. */
export function withPortHint(failure: unknown): unknown {
  if (!(failure instanceof ProgramError) || failure.exitCode !== ExitCode.environment) return failure;
  // Express 5 is among those that end with 0 when their port is taken.
  if (!/EADDRINUSE|in use|exited \(0\)|did not become ready/i.test(failure.message)) return failure;
  const hint = 'a command that listens on a port of its own, and not on $PORT, needs --port N';
  return new ProgramError(`${failure.message} (${hint})`, failure.exitCode, { cause: failure });
}
