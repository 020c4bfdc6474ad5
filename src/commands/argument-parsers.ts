/** Parses the values of flags. An error is one line. */
import { constants } from 'node:os';
import { InvalidArgumentError } from 'commander';
import { pathProblem } from '../load/request-mix.ts';

/** Comma-separated names, each of them in `known`. */
export function listOf<T extends string>(what: string, known: readonly T[]) {
  return (value: string): T[] =>
    value.split(',').map((name) => {
      const found = known.find((candidate) => candidate === name.trim());
      if (!found) throw new InvalidArgumentError(`no ${what} "${name}"; there are ${known.join(', ')}`);
      return found;
    });
}

/** A whole number in this range. */
export function whole(min: number, max: number) {
  return (value: string): number => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max))
      throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}`);
    return number;
  };
}

/** The path of a request, which is sent unchanged. */
export function requestPath(value: string): string {
  const problem = pathProblem(value);
  if (problem !== undefined) throw new InvalidArgumentError(problem);
  return value;
}

/** The name of a stop signal, as in Kubernetes' stopSignal. The prefix SIG may be left out. */
export function stopSignal(value: string): NodeJS.Signals {
  const name = value.toUpperCase().replace(/^(SIG)?/, 'SIG');
  if (!(name in constants.signals)) {
    throw new InvalidArgumentError('must be the name of a signal, as in SIGQUIT');
  }
  if (name === 'SIGKILL' || name === 'SIGSTOP') {
    throw new InvalidArgumentError(
      `${name} cannot be handled by a process, so no server can shut down gracefully on it`,
    );
  }
  return name as NodeJS.Signals;
}

/** The flag of an option: "gateway-logs" of gatewayLogs. */
export function flagOf(option: string): string {
  return option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
