/** Reads the values of flags; what is wrong with one is said in a line. */
import { constants } from 'node:os';
import { InvalidArgumentError } from 'commander';
import { pathProblem } from '../load/request-mix.ts';

/** Names out of `known`, comma-separated. */
export function listOf<T extends string>(what: string, known: readonly T[]) {
  return (value: string): T[] =>
    value.split(',').map((name) => {
      const found = known.find((candidate) => candidate === name.trim());
      if (!found) throw new InvalidArgumentError(`no ${what} "${name}"; there are ${known.join(', ')}`);
      return found;
    });
}

/** A whole number. */
export function whole(min: number, max: number) {
  return (value: string): number => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max))
      throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}`);
    return number;
  };
}

/** The path of a request, as it is written into one. */
export function requestPath(value: string): string {
  const problem = pathProblem(value);
  if (problem !== undefined) throw new InvalidArgumentError(problem);
  return value;
}

/** The name of a signal that asks a process to end, as Kubernetes' stopSignal has it; SIG may be left out. */
export function stopSignal(value: string): NodeJS.Signals {
  const name = value.toUpperCase().replace(/^(SIG)?/, 'SIG');
  if (!(name in constants.signals)) {
    throw new InvalidArgumentError('must be the name of a signal, as in SIGQUIT');
  }
  if (name === 'SIGKILL' || name === 'SIGSTOP') {
    throw new InvalidArgumentError(`${name} cannot be handled by any process: no server can end in order on it`);
  }
  return name as NodeJS.Signals;
}
