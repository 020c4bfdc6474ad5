/** What a shell does with the text of its `-c`: enough to tell which program ends up as PID 1. */
import { type ParseEntry, parse } from 'shell-quote';

export interface ShellScript {
  /** The commands in their order, each a list of words; variables as `$NAME`. */
  commands: string[][];
  /** What stands between them: `;`, `&&`, `||`, `|`, `&`. */
  operators: string[];
  /** The script goes on beside its last command: it pipes, branches, redirects, or handles signals itself. */
  compound: boolean;
}

const COMPOUND_WORDS = ['if', 'for', 'while', 'until', 'case', 'trap', '{', '!', 'wait'];

export function readScript(script: string): ShellScript {
  const commands: string[][] = [[]];
  const operators: string[] = [];
  let compound = false;
  for (const entry of entries(script)) {
    if (typeof entry === 'string') commands.at(-1)?.push(entry);
    else if ('comment' in entry) continue;
    else if (entry.op === 'glob') commands.at(-1)?.push('*');
    else if (SEPARATORS.includes(entry.op)) {
      operators.push(entry.op);
      commands.push([]);
    } else compound = true; // a redirection or a subshell
  }
  const filled = commands.filter((words) => words.length > 0);
  compound ||= operators.some((operator) => operator !== ';' && operator !== '&&');
  compound ||= filled.some(([first]) => COMPOUND_WORDS.includes(first ?? ''));
  return { commands: filled, operators, compound };
}

const SEPARATORS = [';', '&&', '||', '|', '&'];

/** shell-quote takes a line end for a space, and a comment to go on to the end of the text. */
function entries(script: string): ParseEntry[] {
  const lines = script.replaceAll(/\\\r?\n/g, ' ').split(/\r?\n/);
  return lines.flatMap((line) => [...parse(line, (name) => `$${name}`), { op: ';' as const }]);
}
