/** Exit codes of the program, as documented in README.md. */
export const ExitCode = {
  ok: 0,
  brokeRequests: 1,
  /** `check` found an error or a warning. */
  findings: 1,
  usage: 2,
  invalidMeasurement: 3,
  /** Something is missing, the output cannot be written, or an internal error. */
  environment: 4,
  interrupted: 130,
} as const;

/** An error that the user can fix: its message is one line that says what, where and what to do. */
export class ProgramError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProgramError';
    this.exitCode = exitCode;
  }
}

/** The input (a flag, a manifest, a file) is wrong. */
export class InputError extends ProgramError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, ExitCode.usage, options);
    this.name = 'InputError';
  }
}

/** Something this machine or cluster should have is missing. */
export class EnvironmentError extends ProgramError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, ExitCode.environment, options);
    this.name = 'EnvironmentError';
  }
}
