/** Which program a container's command makes PID 1, the one that gets SIGTERM, and whether it passes the signal on. */
import { readScript } from './shell-script.ts';

/**
 * - shell: stays PID 1 and passes nothing on: the app never hears of the shutdown; `behind` is what exec would start
 * - npm: ends within half a second of SIGTERM, and the container with it
 * - node-run: ignores SIGTERM as PID 1, and passes nothing on
 * - yarn, pnpm: as npm in some versions, and fine in others
 * - script: a shell script, whose last line decides
 * - app: the app itself, or something that passes signals on (`bun run`, `deno task`, dumb-init)
 */
export type Pid1 =
  | { kind: 'shell'; shell: string; script: string; behind: Pid1; fixed?: string }
  | { kind: 'npm' | 'node-run' | 'yarn' | 'pnpm' | 'script'; command: string }
  | { kind: 'app' };

const SHELLS = ['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh'];
/** Programs that replace themselves by the command that follows them, and how many words of their own come before it. */
const REPLACED_BY_REST: Record<string, number> = { exec: 0, gosu: 1, 'su-exec': 1, setpriv: 0, nice: 0 };
/** Signals reach their child and nothing behind it. */
const SMALL_INITS = ['tini', 'docker-init', 'catatonit'];

/** @param image whose `sh` it is, as far as its name tells: Alpine's replaces itself by the last command, Debian's not */
export function pid1(argv: readonly string[], image = ''): Pid1 {
  const [first, ...rest] = argv;
  if (first === undefined) return { kind: 'app' };
  const program = first.split('/').at(-1) ?? first;
  const skipped = REPLACED_BY_REST[program];
  if (skipped !== undefined) return pid1(withoutOptions(rest).slice(skipped), image);
  if (program === 'env') return pid1(withoutOptions(rest).filter(notAnAssignment), image);
  if (SMALL_INITS.includes(program)) {
    const inner = rest.slice(rest.indexOf('--') + 1);
    return rest.some((word) => /^-\w*g/.test(word)) ? { kind: 'app' } : pid1(withoutOptions(inner), image);
  }
  if (SHELLS.includes(program)) return ofShell(program, rest, image);
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
  const flag = args.findIndex((word) => /^-[a-z]*c[a-z]*$/i.test(word));
  if (flag < 0) {
    const file = args.find((word) => !word.startsWith('-'));
    return file === undefined ? { kind: 'app' } : { kind: 'script', command: [shell, ...args].join(' ') };
  }
  const script = args[flag + 1] ?? '';
  const { commands, compound } = readScript(script);
  const last = commands.at(-1) ?? [];
  if (last[0] === 'exec') return pid1(last, image);
  // A script with traps of its own may do right: that is for a run to tell.
  if (commands.some(([word]) => word === 'trap')) return { kind: 'app' };
  const behind = pid1(last.filter(notAnAssignment), image);
  if (!compound && replacesItself(shell, image)) return behind;
  const canBeFixed = commands.length === 1 && !compound && notAnAssignment(last[0] ?? '') && behind.kind === 'app';
  return { kind: 'shell', shell, script, behind, ...(canBeFixed && { fixed: `exec ${script.trim()}` }) };
}

/**
 * bash and BusyBox's ash run the last command of a plain `-c` script in their own place, as if it had `exec`;
 * dash, the sh of Debian and Ubuntu, starts a child. Seen with bash 5.2, BusyBox 1.35 and dash 0.5.12.
 */
function replacesItself(shell: string, image: string): boolean {
  return shell === 'bash' || shell === 'ash' || (shell === 'sh' && /alpine|busybox/i.test(image));
}

function withoutOptions(words: readonly string[]): string[] {
  const start = words.findIndex((word) => !word.startsWith('-'));
  return start < 0 ? [] : words.slice(start);
}

function notAnAssignment(word: string): boolean {
  return !/^[A-Za-z_]\w*=/.test(word);
}
