/** Which program a container's command makes PID 1, the one that gets SIGTERM, and whether it passes the signal on. */
import type { ShellCommand } from './shell-parser.ts';
import { readScript, type ShellScript, shellInput, shellName } from './shell-script.ts';

/**
 * - shell: stays PID 1 and passes nothing on: the app never hears of the shutdown; `behind` is what exec would start
 * - npm: ends within half a second of SIGTERM, and the container with it
 * - node-run: ignores SIGTERM as PID 1, and passes nothing on
 * - yarn, pnpm: as npm in some versions, and fine in others
 * - script: a shell script, whose last line decides
 * - app: the app itself, or something that passes signals on (`bun run`, `deno task`, dumb-init)
 * - unknown: a script that is not understood, or that decides by itself what it starts and which signals it handles
 */
export type Pid1 =
  | { kind: 'shell'; shell: string; script: string; behind: Pid1; fixed?: string }
  | { kind: 'npm' | 'node-run' | 'yarn' | 'pnpm' | 'script'; command: string }
  | { kind: 'app' }
  | { kind: 'unknown' };

/** Programs that replace themselves by the command that follows them, and how many words of their own come before it. */
const REPLACED_BY_REST = new Map([
  ['exec', 0],
  ['gosu', 1],
  ['su-exec', 1],
  ['setpriv', 0],
  ['nice', 0],
]);
/** Signals reach their child and nothing behind it. */
const SMALL_INITS = ['tini', 'docker-init', 'catatonit'];

/** @param image whose `sh` it is, as far as its name tells: Alpine's replaces itself by the last command, Debian's not */
export function pid1(argv: readonly string[], image = ''): Pid1 {
  const [first, ...rest] = argv;
  if (first === undefined) return { kind: 'app' };
  const program = first.split('/').at(-1) ?? first;
  const skipped = REPLACED_BY_REST.get(program);
  if (skipped !== undefined) return pid1(withoutOptions(rest).slice(skipped), image);
  if (program === 'env') return pid1(withoutAssignments(withoutOptions(rest)), image);
  if (SMALL_INITS.includes(program)) {
    const inner = rest.slice(rest.indexOf('--') + 1);
    return rest.some((word) => /^-\w*g/.test(word)) ? { kind: 'app' } : pid1(withoutOptions(inner), image);
  }
  const shell = shellName(program);
  if (shell !== undefined) return ofShell(shell, rest, image);
  return ofRunner(program, argv);
}

function ofRunner(program: string, argv: readonly string[]): Pid1 {
  const command = [program, ...argv.slice(1)].join(' ');
  if (program === 'npm' || program === 'npx') return { kind: 'npm', command };
  if (program === 'yarn' || program === 'yarnpkg') return { kind: 'yarn', command };
  if (program === 'pnpm' || program === 'pnpx') return { kind: 'pnpm', command };
  if (program === 'node' && argv.includes('--run')) return { kind: 'node-run', command };
  if (program.endsWith('.sh')) return { kind: 'script', command };
  return { kind: 'app' };
}

function ofShell(shell: string, args: readonly string[], image: string): Pid1 {
  const input = shellInput(args);
  if (!input) return { kind: 'app' };
  if ('file' in input) return { kind: 'script', command: [shell, ...args].join(' ') };
  const script = readScript(input.script);
  if (!script) return UNKNOWN;
  const execs = script.commands.filter((command) => command.place !== 'child' && execsProgram(command));
  const { last, end } = script;
  // It has nothing to wait for, and ends at once.
  if (end === 'nothing' || end === 'background') return UNKNOWN;
  // A script with traps of its own may do right: that is for a run to show.
  if (script.commands.some((command) => programOf(command) === 'trap')) return UNKNOWN;
  if (last && execs.length === 1 && execs[0] === last && last.place === 'line') return pid1(last.words, image);
  if (execs.length > 0 || (last && DECIDES_BY_ITSELF.includes(programOf(last)))) return UNKNOWN;
  const behind = isMisspeltArray(script) ? UNKNOWN : pid1(last ? withoutAssignments(last.words) : [], image);
  const replaced = replacesItself(shell, script, image);
  if (replaced === 'unknown') return UNKNOWN;
  if (replaced) return behind;
  return { kind: 'shell', shell, script: input.script, behind, ...fixed(input.script, script, behind) };
}

const UNKNOWN: Pid1 = { kind: 'unknown' };
/** What they run is text from elsewhere, which may have an exec. */
const DECIDES_BY_ITSELF = ['.', 'source', 'eval'];

/** `CMD ["node", server.js]`, which is no JSON and so goes to the shell: it starts no program of that name. */
function isMisspeltArray({ commands: [first] }: ShellScript): boolean {
  return first !== undefined && /^\[./.test(programOf(first));
}

/** With exec before it: where the script is but one command, and that the app. */
function fixed(text: string, { commands, last }: ShellScript, behind: Pid1): { fixed?: string } {
  const [only, ...others] = commands;
  if (!only || only !== last || others.length > 0 || only.redirected || behind.kind !== 'app') return {};
  const [program = ''] = only.words;
  return isAssignment(program) || !text.trim().startsWith(program) ? {} : { fixed: `exec ${text.trim()}` };
}

/**
 * bash and BusyBox's ash run the last command of a plain `-c` script in their own place, as if it had `exec`;
 * dash, the sh of Debian and Ubuntu, starts a child. Seen with bash 5.2, BusyBox 1.35 and dash 0.5.12. bash stays where
 * that command is redirected, negated, in a pipe, or within another one; what ash does then was not seen.
 */
function replacesItself(shell: string, script: ShellScript, image: string): boolean | 'unknown' {
  const isPlain = script.last !== undefined && !script.last.redirected && !script.hasBackground;
  if (shell === 'bash') return isPlain;
  const isAsh = shell === 'ash' || (shell === 'sh' && /alpine|busybox/i.test(image));
  if (!isAsh) return false;
  if (isPlain) return true;
  // The parts of a pipe are children in every shell, and so is what a loop starts.
  return script.end === 'pipeline' || script.end === 'loop' ? false : 'unknown';
}

/** exec with redirections alone replaces nothing. */
function execsProgram({ words }: ShellCommand): boolean {
  const [first, program] = withoutAssignments(words);
  return first === 'exec' && program !== undefined;
}

function programOf({ words }: ShellCommand): string {
  return withoutAssignments(words)[0] ?? '';
}

function withoutAssignments(words: readonly string[]): string[] {
  const start = words.findIndex((word) => !isAssignment(word));
  return start < 0 ? [] : words.slice(start);
}

function withoutOptions(words: readonly string[]): string[] {
  const start = words.findIndex((word) => !word.startsWith('-'));
  return start < 0 ? [] : words.slice(start);
}

function isAssignment(word: string): boolean {
  return /^[A-Za-z_]\w*\+?=/.test(word);
}
