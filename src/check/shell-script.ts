/** What a shell does with the text of its `-c`: enough to say which program ends up as PID 1, and how long it sleeps. */
import { type ListEnd, type ShellCommand, ShellParser } from './shell-parser.ts';
import { Unparsable } from './shell-text.ts';

export interface ShellScript {
  /** Every command, wherever it stands, in the order of the text. */
  commands: readonly ShellCommand[];
  /** What the script ends with. */
  end: ListEnd;
  /** The command that it ends with, where `end` says that it is one. */
  last: ShellCommand | undefined;
  /** Something is started in the background. */
  hasBackground: boolean;
}

const SHELLS = ['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh'];

/** Undefined where the text is not understood: then nothing is known of what it does. */
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

/** A shell, without its folder; undefined for any other program. */
export function shellName(program: string): string | undefined {
  const name = program.split('/').at(-1) ?? '';
  return SHELLS.includes(name) ? name : undefined;
}

/**
 * The text that a shell's arguments make it run, or the file; undefined where they name neither.
 * Options come before both, and `-o` and `-O` take a name.
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
