import { ExitCode, ProgramError } from '../errors.ts';

/**
 * Adds a hint about --port to the failure of a command that did not become ready. Used if the user did not say which
 * port it listens on.
 */
export function withPortHint(failure: unknown): unknown {
  if (!(failure instanceof ProgramError) || failure.exitCode !== ExitCode.environment) return failure;
  // Some servers, such as Express 5, exit with code 0 if their port is taken.
  if (!/EADDRINUSE|in use|exited \(0\)|did not become ready/i.test(failure.message)) return failure;
  const hint = 'a command that listens on its own port instead of $PORT needs --port N';
  return new ProgramError(`${failure.message} (${hint})`, failure.exitCode, { cause: failure });
}
