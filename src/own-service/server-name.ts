/** What reports call a user's own server: its command, or its workload. */
import { basename, isAbsolute } from 'node:path';
import type { Workload } from '../kubernetes-rules/objects.ts';

/** Longer commands are cut: the beginning says which server it is. */
const LONGEST_COMMAND = 60;

/** The command as a shell takes it, in one line, without the program's folder: "node server.js", `sh -c "node server.js"`. */
export function commandName([program = '', ...rest]: readonly string[]): string {
  const words = [isAbsolute(program) ? basename(program) : program, ...rest];
  return shortCommand(
    words.map((word) => (/^[^\s"'`$;&|<>()*?]+$/.test(word) ? word : JSON.stringify(word))).join(' '),
  );
}

/** "Deployment web" */
export function workloadName({ kind, metadata }: Pick<Workload, 'kind' | 'metadata'>): string {
  return `${kind} ${metadata.name}`;
}

/** In one line, and cut where it is longer than a heading bears. */
export function shortCommand(command: string): string {
  const line = command.replaceAll(/\s+/g, ' ');
  return line.length > LONGEST_COMMAND ? `${line.slice(0, LONGEST_COMMAND - 1)}…` : line;
}
