/** Programs that start another program: those that become it, and those that stay in front of it as an init. */

/** A command line taken apart: the program's own options, and the command that it starts. */
export interface Started {
  inner: string[];
  /**
   * - becomes: the program replaces itself by the command (exec)
   * - init: the program stays PID 1, passes signals on to the command, and ends with it, and the container with both
   */
  how: 'becomes' | 'init';
  /** The init signals all processes of the command's group, not only the command. */
  group?: boolean;
}

/** How many words a program's own arguments take before the command, and which of its options take a word. */
const BECOMES: Readonly<Record<string, { own: number; withValue?: readonly string[] }>> = {
  exec: { own: 0, withValue: ['-a'] },
  command: { own: 0 },
  gosu: { own: 1 },
  'su-exec': { own: 1 },
  setuidgid: { own: 1 },
  's6-setuidgid': { own: 1 },
  's6-applyuidgid': { own: 0, withValue: ['-u', '-g', '-G'] },
  'with-contenv': { own: 0 },
  setpriv: { own: 0, withValue: ['--reuid', '--regid', '--groups', '--securebits', '--inh-caps', '--bounding-set'] },
  nice: { own: 0, withValue: ['-n', '--adjustment'] },
  ionice: { own: 0, withValue: ['-c', '-n', '--class', '--classdata'] },
  nohup: { own: 0 },
  setsid: { own: 0 },
  stdbuf: { own: 0, withValue: ['-i', '-o', '-e'] },
  chrt: { own: 1 },
  taskset: { own: 1, withValue: [] },
  numactl: { own: 0 },
  chroot: { own: 1 },
};

/** tini -p and -e take a word, dumb-init -r does. */
const INITS: Readonly<Record<string, readonly string[]>> = {
  tini: ['-p', '-e'],
  'tini-static': ['-p', '-e'],
  'docker-init': ['-p', '-e'],
  catatonit: [],
  'dumb-init': ['-r', '--rewrite'],
};

/** Undefined if the program is none of these. */
export function startedBy(program: string, args: readonly string[]): Started | undefined {
  if (program === 'env') return { how: 'becomes', inner: afterEnv(args) };
  const becomes = Object.hasOwn(BECOMES, program) ? BECOMES[program] : undefined;
  if (becomes) return { how: 'becomes', inner: afterOptions(args, becomes.withValue ?? []).slice(becomes.own) };
  const withValue = Object.hasOwn(INITS, program) ? INITS[program] : undefined;
  if (!withValue) return undefined;
  const inner = afterOptions(args, withValue);
  const options = args.slice(0, args.length - inner.length);
  // dumb-init signals the whole group unless told otherwise; tini does it if told so.
  const group =
    program === 'dumb-init'
      ? !options.some((word) => word === '--single-child' || /^-[a-z]*c/.test(word))
      : options.some((word) => /^-\w*g/.test(word));
  return { how: 'init', inner, group };
}

function afterOptions(args: readonly string[], withValue: readonly string[]): string[] {
  let index = 0;
  while (index < args.length) {
    const word = args[index] ?? '';
    if (word === '--') return args.slice(index + 1);
    if (!word.startsWith('-')) break;
    index += withValue.includes(word) ? 2 : 1;
  }
  return args.slice(index);
}

function afterEnv(args: readonly string[]): string[] {
  const rest = afterOptions(args, ['-u', '--unset', '-C', '--chdir']);
  const start = rest.findIndex((word) => !isAssignment(word));
  return start < 0 ? [] : rest.slice(start);
}

export function isAssignment(word: string): boolean {
  return /^[A-Za-z_]\w*\+?=/.test(word);
}
