/** A built server of one runtime as a separate process, seen from outside: its log, its port, its exit. */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createInterface } from 'node:readline';
import { holdPort } from '../../src/processes/ports.ts';
import { findRuntime } from '../../src/trials/runtimes.ts';
import { within } from './within.ts';

export interface LogLine extends Record<string, unknown> {
  event: string;
  wallMs: number;
  monoMs: number;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const COMMANDS = {
  node: findRuntime('node').command,
  bun: findRuntime('bun').command,
  deno: findRuntime('deno').command,
};

export type RuntimeName = keyof typeof COMMANDS;

const WAIT_MS = 5000;

export class ServerProcess {
  readonly port: number;
  readonly log: LogLine[] = [];
  /** Its output that is not part of the log. */
  readonly otherOutput: string[] = [];
  readonly #child: ChildProcess;
  readonly #logged = new EventEmitter();
  readonly #exited: Promise<Exit>;

  private constructor(runtime: RuntimeName, port: number, env: Record<string, string>) {
    this.port = port;
    const [command = '', ...args] = COMMANDS[runtime];
    this.#child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { HOST: '127.0.0.1', PORT: String(port), POD_NAME: 'pod-1', ...env },
    });
    // Unlike "exit", "close" comes after the last line of output.
    this.#exited = new Promise((resolve) => this.#child.once('close', (code, signal) => resolve({ code, signal })));
    for (const input of [this.#child.stdout, this.#child.stderr]) {
      if (input) createInterface({ input }).on('line', (line) => this.#noteLine(line));
    }
  }

  /** Starts a server that may fail to listen. */
  static async start(runtime: RuntimeName, env: Record<string, string> = {}): Promise<ServerProcess> {
    const { port } = await holdPort();
    return new ServerProcess(runtime, port, env);
  }

  /** Resolves with the first log line of that event, past or future. */
  event(name: string): Promise<LogLine> {
    const past = this.log.find(({ event }) => event === name);
    if (past) return Promise.resolve(past);
    const coming = new Promise<LogLine>((resolve) => this.#logged.once(name, resolve));
    return within(WAIT_MS, `log event "${name}"`, coming);
  }

  /** The events in its log so far, in order. */
  get events(): string[] {
    return this.log.map(({ event }) => event);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  exit(): Promise<Exit> {
    return within(WAIT_MS, 'exit of the server', this.#exited);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exit();
  }

  #noteLine(line: string): void {
    if (!line.startsWith('{')) {
      this.otherOutput.push(line);
      return;
    }
    const entry: LogLine = JSON.parse(line);
    this.log.push(entry);
    this.#logged.emit(entry.event, entry);
  }
}
