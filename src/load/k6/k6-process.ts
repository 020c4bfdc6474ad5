/** The k6 program: found on the PATH, run with a script, watched, ended. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { EnvironmentError } from '../../errors.ts';

/** k6 writes its summary and ends within some 30 ms of SIGINT; what takes this much longer, in ms, hangs. */
const INTERRUPT_LIMIT_MS = 10_000;
/** Lines of k6's own output kept to say why it died. */
const LAST_WORDS = 10;

/** How k6 ended. */
export interface K6Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface K6Run {
  script: string;
  /** What the script finds in `__ENV`. */
  env: Record<string, string>;
  /** Aborting kills k6. */
  signal: AbortSignal;
  /** Told of each line k6 or the script prints; true if it was the script's. */
  onLine(line: string): boolean;
}

/**
 * Name and version of the k6 on the PATH.
 * @throws EnvironmentError where there is none
 */
export async function k6Version(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('k6', ['version']);
    return /^k6 v\S+/.exec(stdout)?.[0] ?? 'k6';
  } catch (error) {
    throw new EnvironmentError(
      'k6 was not found on the PATH: install it with `go install go.k6.io/k6@v1.8.1` or from grafana.com/docs/k6',
      { cause: error },
    );
  }
}

export class K6Process {
  /** Resolves once k6 has ended and all its output was read. */
  readonly exited: Promise<K6Exit>;
  readonly #child: ChildProcess;
  readonly #lastWords: string[] = [];

  constructor({ script, env, signal, onLine }: K6Run) {
    const child = spawn('k6', [...flags(env), script], {
      env: withoutK6Options(process.env),
      stdio: ['ignore', 'ignore', 'pipe'],
      // A group of its own: Ctrl-C is for this program, which then ends k6 itself.
      detached: true,
    });
    this.#child = child;
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (onLine(line) || line === '' || line === 'Request Failed') return;
      this.#lastWords.push(line);
      if (this.#lastWords.length > LAST_WORDS) this.#lastWords.shift();
    });
    const kill = () => this.kill();
    signal.addEventListener('abort', kill);
    process.on('exit', kill);
    this.exited = new Promise<K6Exit>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, endedBy) => resolve({ code, signal: endedBy }));
    }).finally(() => {
      signal.removeEventListener('abort', kill);
      process.off('exit', kill);
    });
  }

  /** What k6 last said, its requests apart. */
  get lastWords(): string {
    return this.#lastWords.join(' | ');
  }

  /** Ends the test at once, cutting what is in flight; the script's handleSummary still runs. */
  async interrupt(): Promise<void> {
    this.#child.kill('SIGINT');
    const hangs = setTimeout(() => this.kill(), INTERRUPT_LIMIT_MS);
    await this.exited.finally(() => clearTimeout(hangs));
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function flags(env: Record<string, string>): string[] {
  return [
    'run',
    '--quiet',
    '--no-usage-report',
    // No REST API: its default port may be taken, and it has no stop that spares the requests in flight.
    ...['--address', ''],
    ...['--log-output', 'stderr', '--log-format', 'raw'],
    // Else a RATE or DURATION of the user's environment would be the script's.
    '--include-system-env-vars=false',
    ...Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
  ];
}

/** The environment without the variables by which k6 takes options: one of them would change the load silently. */
function withoutK6Options(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('K6_')));
}
