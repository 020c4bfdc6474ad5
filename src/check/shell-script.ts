/**
 * Interprets the text of a shell's `-c`, as far as needed to know which program ends up as PID 1 and how long it
 * sleeps.
 */
import { type ListEnd, type ShellCommand, ShellParser } from './shell-parser.ts';
import { Unparsable } from './shell-text.ts';

export interface ShellScript {
  /** All commands, at any level, in the order of the text. */
  commands: readonly ShellCommand[];
  /** The kind of the script's last part. */
  end: ListEnd;
  /** The last command, if `end` says that the script ends with one. */
  last: ShellCommand | undefined;
  /** Whether the script starts something in the background. */
  hasBackground: boolean;
}

const SHELLS = ['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh'];

/** Undefined if the text is not understood. */
export function readScript(text: string): ShellScript | undefined {
  try {
    const parser = new ShellParser(text);
    const end = parser.script();
    const { commands, hasBackground } = parser;
    return { commands, end, last: end === 'command' ? commands.at(-1) : undefined, hasBackground };
  } catch (error) {
    if (error instanceof Unparsable) return undefined;
    throw error;
  }
}

/** The name of a shell, without its path; undefined for any other program. */
export function shellName(program: string): string | undefined {
  const name = program.split('/').at(-1) ?? '';
  return SHELLS.includes(name) ? name : undefined;
}

/**
 * The script text or the file that a shell's arguments make it run; undefined if they name neither. Options come before
 * both; `-o` and `-O` take a name.
 */
export function shellInput(args: readonly string[]): { script: string } | { file: string } | undefined {
  let takesText = false;
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? '';
    if (word === '--' || word === '-' || !/^[-+]./.test(word)) {
      const first = word === '--' || word === '-' ? args[index + 1] : word;
      if (first === undefined) return undefined;
      return takesText ? { script: first } : { file: first };
    }
    if (/^-[a-zA-Z]*c[a-zA-Z]*$/.test(word)) takesText = true;
    if (/^[-+][a-zA-Z]*[oO]$/.test(word) || word === '--rcfile' || word === '--init-file') index += 1;
  }
  return undefined;
}
