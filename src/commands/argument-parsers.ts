/** Reads the values of flags; what is wrong with one is said in a line. */
import { InvalidArgumentError } from 'commander';

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
