/** The program's exit codes, documented in README.md. */
export const ExitCode = {
  ok: 0,
  brokeRequests: 1,
  /** `check` found an error or a warning. */
  findings: 1,
  usage: 2,
  invalidMeasurement: 3,
  /** Something is missing, the output cannot be written, or there was an internal error. */
  environment: 4,
  interrupted: 130,
} as const;

export interface ProgramErrorOptions extends ErrorOptions {
  /** Lines to print below the message, if it is about several things at once. */
  details?: readonly string[];
}

/** An error that the user can fix. Its message is one line: what is wrong, where, and what to do. */
export class ProgramError extends Error {
  readonly exitCode: number;
  readonly details: readonly string[];
  constructor(message: string, exitCode: number, options: ProgramErrorOptions = {}) {
    super(message, options);
    this.name = 'ProgramError';
    this.exitCode = exitCode;
    this.details = options.details ?? [];
  }
}

/** The input (a flag, a manifest, a file) is wrong. */
export class InputError extends ProgramError {
  constructor(message: string, options?: ProgramErrorOptions) {
    super(message, ExitCode.usage, options);
    this.name = 'InputError';
  }
}

/** This machine or cluster lacks something. */
export class EnvironmentError extends ProgramError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, ExitCode.environment, options);
    this.name = 'EnvironmentError';
  }
}
