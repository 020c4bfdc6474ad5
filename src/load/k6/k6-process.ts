/** The k6 program: finds it on the PATH, runs it with a script, watches and ends it. */
import { once } from 'node:events';
import { EnvironmentError } from '../../errors.ts';
import { runProgram } from '../../processes/external-program.ts';
import { LineSplitter, plainLine } from '../../processes/line-splitter.ts';
import { ownEnvironment } from '../../processes/own-environment.ts';
import { type StartedProcess, startProcess } from '../../processes/process-group.ts';

/** k6 writes its summary and exits about 30 ms after SIGINT. If it takes this much longer, in ms, it hangs. */
const INTERRUPT_LIMIT_MS = 10_000;
/** `k6 version` takes about 100 ms. */
const VERSION_LIMITS = { limitMs: 10_000, maxOutputBytes: 64 * 1024 };
/** How many lines of k6's own output are kept to show why it died. */
const KEPT_LINES = 10;
const MAX_LINE_CHARACTERS = 200;

/** Exit codes of a test that ran to its end: passed, or thresholds (failed or dropped requests) exceeded. */
export const RAN_TO_ITS_END: readonly number[] = [0, 99];

/** How k6 ended. */
export interface K6Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface K6Run {
  script: string;
  /** The script's `__ENV`. */
  env: Record<string, string>;
  /** Aborting kills k6. */
  signal: AbortSignal;
  /** Called for each line that k6 or the script prints; returns true if it was the script's. */
  onLine(line: string): boolean;
}

/**
 * Name and version of the k6 on the PATH.
 * @throws EnvironmentError if there is none or `k6 version` fails; the signal's reason if aborted
 */
export async function k6Version(signal: AbortSignal): Promise<string> {
  const { stdout, notFound, failure } = await runProgram(['k6', 'version'], { ...VERSION_LIMITS, signal });
  if (notFound) {
    throw new EnvironmentError(
      'k6 was not found on the PATH: install it with `go install go.k6.io/k6@v1.8.1` or from grafana.com/docs/k6',
    );
  }
  if (failure !== undefined) throw new EnvironmentError(`\`k6 version\` ${failure}`);
  return /^k6 v\S+/.exec(stdout)?.[0] ?? 'k6';
}

export class K6Process {
  /** Resolves once k6 has ended and all its output has been read. */
  readonly exited: Promise<K6Exit>;
  readonly #process: StartedProcess;
  readonly #lastLines: string[] = [];

  private constructor(started: StartedProcess, { signal, onLine }: K6Run) {
    this.#process = started;
    started.stdout.resume(); // only the test's summary, which the script also writes to a file
    const lines = new LineSplitter((line) => {
      if (onLine(line) || line === '' || line === 'Request Failed') return;
      this.#lastLines.push(plainLine(line, MAX_LINE_CHARACTERS));
      if (this.#lastLines.length > KEPT_LINES) this.#lastLines.shift();
    });
    started.stderr.on('data', (chunk: Buffer) => lines.push(chunk)).on('end', () => lines.end());
    const kill = () => this.kill();
    signal.addEventListener('abort', kill);
    if (signal.aborted) kill();
    this.exited = once(started.child, 'close').then(([code, endedBy]) => {
      signal.removeEventListener('abort', kill);
      return { code, signal: endedBy };
    });
  }

  /** @throws EnvironmentError if it cannot be started */
  static async start(run: K6Run): Promise<K6Process> {
    const env = withoutK6Options(ownEnvironment());
    return new K6Process(await startProcess(['k6', ...flags(run.env), run.script], { env, fullPriority: true }), run);
  }

  /** The last lines of k6 itself, without those of the script. */
  get lastOutput(): string {
    return this.#lastLines.join(' | ');
  }

  /** Ends the test immediately, cutting requests in flight; the script's handleSummary still runs. */
  async interrupt(): Promise<void> {
    this.#process.child.kill('SIGINT');
    const hangs = setTimeout(() => this.kill(), INTERRUPT_LIMIT_MS);
    await this.exited.finally(() => clearTimeout(hangs));
  }

  kill(): void {
    this.#process.killGroup();
  }
}

function flags(env: Record<string, string>): string[] {
  return [
    'run',
    '--quiet',
    '--no-usage-report',
    // No REST API: its default port may be taken, and its stop does not spare requests in flight.
    ...['--address', ''],
    ...['--log-output', 'stderr', '--log-format', 'raw'],
    // Otherwise a RATE or DURATION in the user's environment would reach the script.
    '--include-system-env-vars=false',
    ...Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
  ];
}

/** The environment without k6's own option variables, because they could silently change the load. */
function withoutK6Options(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('K6_')));
}
