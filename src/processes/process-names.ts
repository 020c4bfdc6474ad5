/** Names processes as the people who started them would. Pure functions of what /proc shows. */

/** What /proc shows about one process. */
export interface ProcessFacts {
  pid: number;
  /** The id of its parent; 0 for the first process of a PID namespace. */
  parentPid: number;
  /** One letter, as in ps: R (running), S (sleeping), T (stopped), Z (zombie) and so on. */
  state: string;
  /** /proc/PID/comm: at most 15 characters; the process can set it. */
  comm: string;
  /** /proc/PID/cmdline, split at each zero byte; empty for a zombie. */
  args: readonly string[];
}

/** Programs whose script is a better name than their own. After their `run` or `task` comes no script. */
const INTERPRETER = /^(node|nodejs|bun|deno|python[\d.]*|pypy[\d.]*|ruby|perl|php|sh|bash|dash|ash|zsh|ksh)$/;

/** Flags that take the next word as a value, and flags after which no script comes. */
const TAKES_A_VALUE = /^(-r|--require|--import|--loader|--experimental-loader|-C|--conditions|-W|-X|-d)$/;
const HAS_NO_SCRIPT = /^(-e|-p|-pe|--eval|--print|--run|-c)/;

/** Names for main files that are better known by the name of their program. */
const KNOWN_BY: Record<string, string> = {
  'npm-cli.js': 'npm',
  'npx-cli.js': 'npx',
  'pnpm.cjs': 'pnpm',
  'pnpm.mjs': 'pnpm',
  'yarn.js': 'yarn',
  'yarn.cjs': 'yarn',
};

/** The program, or the script if an interpreter runs one: "tini", "npm", "server.js", "gunicorn", "sh". */
export function processName({ comm, args }: Pick<ProcessFacts, 'comm' | 'args'>): string {
  const words = wordsOf(args);
  // A process can set its title: "PM2 v6.0.8: God Daemon", "nginx: master process …", "next-server (v15)".
  if (/^PM2 v\d/.test(args[0] ?? comm)) return 'pm2-runtime';
  const title = /^([\w@.-]+)(: | \()/.exec(args[0] ?? '')?.[1];
  if (title !== undefined) return title;
  const program = baseName(words[0] ?? '').replace(/^-/, '');
  if (program === '') return comm;
  if (!INTERPRETER.test(program)) return program;
  const script = scriptOf(words.slice(1));
  return script === undefined ? program : (KNOWN_BY[script] ?? script);
}

/** A process that sets its title leaves zero bytes behind, and may put a whole command line into the first word. */
function wordsOf(args: readonly string[]): string[] {
  const words = args.filter((word) => word !== '');
  return words.length === 1 ? (words[0] as string).split(' ') : words;
}

function scriptOf(words: readonly string[]): string | undefined {
  for (let nth = 0; nth < words.length; nth++) {
    const word = words[nth] as string;
    if (word === '-m') return words[nth + 1];
    if (HAS_NO_SCRIPT.test(word)) return undefined;
    if (TAKES_A_VALUE.test(word)) nth++;
    else if (!word.startsWith('-')) return /^(run|task|exec|serve|x)$/.test(word) ? undefined : baseName(word);
  }
  return undefined;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The server among the processes of a container, and its wrappers. */
export interface ProcessRoles {
  /** From the first process down to the server's parent; empty if the first process is the server. */
  wrappers: ProcessFacts[];
  server: ProcessFacts;
}

/**
 * Finds the server and its wrappers among `processes`. The server is the process that listens. If several listen (a
 * parent passes its socket on to its workers), it is the one closest to the first process.
 * @param listens whether the process with that id has the listening socket
 */
export function processRoles(
  processes: readonly ProcessFacts[],
  firstPid: number,
  listens: (pid: number) => boolean,
): ProcessRoles | undefined {
  const chains = processes.filter(({ pid }) => listens(pid)).map((server) => ancestors(server, processes, firstPid));
  const [shortest] = chains.sort((one, other) => one.length - other.length);
  const server = shortest?.at(-1);
  return server && { wrappers: shortest?.slice(0, -1) ?? [], server };
}

/** The processes from the first one down to `one`. Stops at an orphan, whose original parent is unknown. */
function ancestors(one: ProcessFacts, processes: readonly ProcessFacts[], firstPid: number): ProcessFacts[] {
  const chain = [one];
  for (let above = one; above.pid !== firstPid; ) {
    const parent = processes.find(({ pid }) => pid === above.parentPid);
    if (!parent || chain.includes(parent)) break;
    chain.unshift(parent);
    above = parent;
  }
  return chain;
}

/** "tini, which runs npm, which runs sh"; undefined if the first process is the server. */
export function wrapperNames({ wrappers }: Pick<ProcessRoles, 'wrappers'>): string | undefined {
  return wrappers.length === 0 ? undefined : wrappers.map(processName).join(', which runs ');
}
