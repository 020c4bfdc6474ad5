/**
 * Which program a container's command makes PID 1, or the child of an init that is PID 1, and whether the app gets
 * SIGTERM and may finish.
 */
import { shellOf } from './images.ts';
import { isAssignment, startedBy } from './init-programs.ts';
import type { ShellCommand } from './shell-parser.ts';
import { readScript, type ShellScript, shellInput, shellName } from './shell-script.ts';

/**
 * - shell: stays PID 1 and passes nothing on, so the app never learns of the shutdown; `behind` is what exec would
 *   start. Behind an init it ends at SIGTERM, and the container with it. `isSure` is false if the image does not show
 *   which program its sh is
 * - npm: exits within half a second of SIGTERM, and the container with it
 * - node-run: ignores SIGTERM as PID 1, and passes nothing on
 * - yarn, pnpm: like npm in some versions, fine in others
 * - pm2: sends SIGINT, and SIGKILL after its own timeout
 * - script: a shell script; its last line matters. `behind` is what its arguments start, if it runs them with exec
 * - app: the app itself, or something that passes signals on (`bun run`, `deno task`)
 * - unknown: a script that is not understood, or that determines at run time what it starts and which signals it
 *   handles
 */
export type Pid1 = (
  | { kind: 'shell'; shell: string; script: string; behind: Pid1; fixed?: string; isSure: boolean; isLoop: boolean }
  | { kind: 'npm'; command: string; shell: ReturnType<typeof shellOf> }
  | { kind: 'node-run' | 'yarn' | 'pnpm' | 'pm2'; command: string }
  | { kind: 'script'; command: string; behind: Pid1 }
  | { kind: 'app' }
  | { kind: 'unknown' }
) & {
  /** The init in front of it, which ends when it ends: `dumb-init`. */
  init?: string;
};

/** @param image tells which `sh` it is: in Alpine's images the shell execs the last command, in Debian's it does not */
export function pid1(argv: readonly string[], image = ''): Pid1 {
  const [first, ...rest] = argv;
  if (first === undefined) return { kind: 'app' };
  const program = first.split('/').at(-1) ?? first;
  const started = startedBy(program, rest);
  if (started?.how === 'becomes') return pid1(started.inner, image);
  if (started) {
    const found = pid1(started.inner, image);
    return found.kind === 'app' || found.kind === 'unknown' ? found : { ...found, init: program };
  }
  const shell = shellName(program);
  if (shell !== undefined) return ofShell(shell, rest, image);
  return ofRunner(program, argv, image);
}

function ofRunner(program: string, argv: readonly string[], image: string): Pid1 {
  const command = [program, ...argv.slice(1)].join(' ');
  if (program === 'npm' || program === 'npx') return { kind: 'npm', command, shell: shellOf(image) };
  if (program === 'yarn' || program === 'yarnpkg') return { kind: 'yarn', command };
  if (program === 'pnpm' || program === 'pnpx') return { kind: 'pnpm', command };
  if (program === 'node' && argv.includes('--run')) return { kind: 'node-run', command };
  if (program === 'pm2-runtime' || program === 'pm2-docker') return { kind: 'pm2', command };
  if (program.endsWith('.sh')) return { kind: 'script', command, behind: pid1(argv.slice(1), image) };
  return { kind: 'app' };
}

function ofShell(shell: string, args: readonly string[], image: string): Pid1 {
  const input = shellInput(args);
  if (!input) return { kind: 'app' };
  if ('file' in input) {
    const behind = pid1(args.slice(args.indexOf(input.file) + 1), image);
    return { kind: 'script', command: [shell, ...args].join(' '), behind };
  }
  const script = readScript(input.script);
  if (!script) return UNKNOWN;
  const execs = script.commands.filter((command) => command.place !== 'child' && execsProgram(command));
  const { last, end } = script;
  // It waits for nothing and ends immediately.
  if (end === 'nothing' || end === 'background') return UNKNOWN;
  // A script with traps may pass the signal on; only a run can show that.
  if (script.commands.some((command) => programOf(command) === 'trap')) return UNKNOWN;
  if (last && execs.length === 1 && execs[0] === last && last.place === 'line') return pid1(last.words, image);
  if (execs.length > 0 || (last && DECIDES_BY_ITSELF.includes(programOf(last)))) return UNKNOWN;
  const behind = isMisspeltArray(script) ? UNKNOWN : pid1(last ? withoutAssignments(last.words) : [], image);
  const replaced = replacesItself(shell, script, image);
  if (replaced === 'unknown') return UNKNOWN;
  if (replaced) return behind;
  const isSure = shell !== 'sh' || shellOf(image) !== undefined;
  const isLoop = end === 'loop';
  return { kind: 'shell', shell, script: input.script, behind, isSure, isLoop, ...fixed(input.script, script, behind) };
}

const UNKNOWN: Pid1 = { kind: 'unknown' };
/** Commands that run text from elsewhere, which may contain an exec. */
const DECIDES_BY_ITSELF = ['.', 'source', 'eval'];

/** A malformed array such as `CMD ["node", server.js]` is not JSON, so the shell runs it and finds no such program. */
function isMisspeltArray({ commands: [first] }: ShellScript): boolean {
  return first !== undefined && /^\[./.test(programOf(first));
}

/** The script with exec added, if it has only one command and that is the app. */
function fixed(text: string, { commands, last }: ShellScript, behind: Pid1): { fixed?: string } {
  const [only, ...others] = commands;
  if (!only || only !== last || others.length > 0 || only.redirected || behind.kind !== 'app') return {};
  const [program = ''] = only.words;
  return isAssignment(program) || !text.trim().startsWith(program) ? {} : { fixed: `exec ${text.trim()}` };
}

/**
 * bash and BusyBox's ash exec the last command of a simple `-c` script implicitly; dash, the sh of Debian and Ubuntu,
 * starts a child process. Observed with bash 5.2, BusyBox 1.35 and dash 0.5.12. bash does not if that command is
 * redirected, negated, in a pipeline, or within another command; what ash does in these cases was not tested. The sh of
 * Fedora's and Red Hat's images is bash.
 */
function replacesItself(shell: string, script: ShellScript, image: string): boolean | 'unknown' {
  const isPlain = script.last !== undefined && !script.last.redirected && !script.hasBackground;
  const program = shell === 'sh' ? shellOf(image) : shell;
  if (program === 'bash') return isPlain;
  if (program !== 'ash') return false;
  if (isPlain) return true;
  // In every shell the parts of a pipeline run in child processes, and so does what a loop starts.
  return script.end === 'pipeline' || script.end === 'loop' ? false : 'unknown';
}

/** exec with only redirections does not replace the shell. */
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
