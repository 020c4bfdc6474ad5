/** The words that a command line of this program may have, as each shell's completion needs them. */

/** What stands in the place of a value: one of these words, a path, a command of the user's, or what no shell can know. */
export type Value =
  | { kind: 'choice'; choices: readonly string[] }
  | { kind: 'file' }
  | { kind: 'folder' }
  | { kind: 'command' }
  | { kind: 'free' };

export interface OptionWords {
  /** "-f" and "--filename", or one of them. */
  flags: readonly string[];
  /** One line. */
  description: string;
  /** Undefined for an option that takes none. */
  value: Value | undefined;
}

export interface CommandWords {
  name: string;
  /** One line. */
  summary: string;
  options: readonly OptionWords[];
  /** What stands in the place of its arguments; undefined where it takes none. */
  argument: Value | undefined;
}

export interface ProgramWords {
  name: string;
  /** Those that stand before a command. */
  options: readonly OptionWords[];
  commands: readonly CommandWords[];
}

/** The name of the shell function that completes a program. */
export function functionName(program: string): string {
  return `_${program.replaceAll(/\W/g, '_')}`;
}

/** A text within single quotes, for shells that read nothing in them: bash and zsh. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
