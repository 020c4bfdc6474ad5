/** A gateway as a process of this machine: started on loopback, told of the endpoints, and stopped with all its files. */
import { once } from 'node:events';
import { createReadStream, existsSync, renameSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { EnvironmentError } from '../errors.ts';
import { readLines } from '../processes/output-lines.ts';
import { ownEnvironment } from '../processes/own-environment.ts';
import { type StartedProcess, startProcess } from '../processes/process-group.ts';
import { type TemporaryFolder, temporaryFolder } from '../processes/temporary-folder.ts';
import { after, delay, type Timer } from '../timers.ts';
import type { GatewayControl, GatewayFiles, GatewayKind, GatewaySettings, Upstream } from './gateway.ts';
import type { LoggedRequest } from './request-log.ts';

const START_LIMIT_MS = 15_000;
/** How long a change of the endpoints may take. */
const APPLY_LIMIT_MS = 10_000;
const POLL_MS = 20;
/** How many of its last lines an error may quote. */
const KEPT_LINES = 20;
const REQUEST_LOG = 'requests.log';
const ADMIN_HOST = '127.0.0.1';

export interface GatewayProcessOptions extends Omit<GatewaySettings, 'folder' | 'requestLog'> {
  kind: GatewayKind;
  /** The path of the program. */
  binary: string;
  /** Called once if it ends before it is stopped. */
  onDeath(error: Error): void;
}

export class GatewayProcess implements GatewayControl {
  readonly settings: GatewaySettings;
  readonly #options: GatewayProcessOptions;
  readonly #folder: TemporaryFolder;
  readonly #log;
  readonly #lastLines: string[] = [];
  readonly #waiting = new Set<(line: string) => void>();
  readonly #ended = new AbortController();
  #process: StartedProcess | undefined;
  #output: Promise<unknown> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  private constructor(options: GatewayProcessOptions) {
    const { host, port, adminPort, fragment, retries, kind } = options;
    this.#options = options;
    this.#folder = temporaryFolder(kind.name);
    this.#log = kind.newLog();
    const folder = this.#folder.path;
    this.settings = { host, port, adminPort, folder, requestLog: join(folder, REQUEST_LOG), fragment, retries };
  }

  /**
   * Starts the program and waits until it accepts connections.
   * @throws EnvironmentError with its last line if it does not
   */
  static async start(options: GatewayProcessOptions, upstreams: readonly Upstream[]): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(options);
    try {
      await gateway.#start(upstreams);
    } catch (error) {
      await gateway.stop();
      throw error;
    }
    return gateway;
  }

  async #start(upstreams: readonly Upstream[]): Promise<void> {
    const { kind, binary } = this.#options;
    const { settings } = this;
    this.write(kind.files(settings, upstreams));
    // The load is to find the gateway as quick as it would be on a node of its own.
    this.#process = await startProcess([binary, ...kind.arguments(settings)], {
      env: ownEnvironment(),
      cwd: settings.folder,
      fullPriority: true,
    });
    const { stdout, stderr, exited } = this.#process;
    this.#output = Promise.all([stdout, stderr].map((stream) => readLines(stream, (line) => this.#onLine(line))));
    void exited.then(async ({ code, signal }) => {
      await Promise.race([this.#output, delay(200)]);
      this.#onExit(signal ?? `exit code ${code}`);
    });
    const endMs = performance.now() + START_LIMIT_MS;
    while (!(await accepts(settings.host, settings.port))) {
      this.#ended.signal.throwIfAborted();
      if (performance.now() > endMs)
        throw this.#failure(`does not accept connections after ${START_LIMIT_MS / 1000} s`);
      await delay(POLL_MS);
    }
    this.#ended.signal.throwIfAborted();
  }

  /** Brings the endpoints into effect; see GatewayKind. */
  async apply(upstreams: readonly Upstream[]): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = after(APPLY_LIMIT_MS, () =>
        reject(this.#failure(`did not take over new endpoints within ${APPLY_LIMIT_MS / 1000} s`)),
      );
    });
    await Promise.race([this.#options.kind.apply(upstreams, this), late]).finally(() => timer?.cancel());
  }

  write(files: GatewayFiles): void {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.settings.folder, name);
      writeFileSync(`${path}.new`, content, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#process?.child.kill(name);
  }

  nextLine(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const check = (line: string) => {
        if (!pattern.test(line)) return;
        this.#waiting.delete(check);
        resolve(line);
      };
      this.#waiting.add(check);
      this.#ended.signal.addEventListener('abort', () => reject(this.#ended.signal.reason), { once: true });
    });
  }

  async admin(method: string, path: string, body?: unknown): Promise<string> {
    const text = body === undefined ? '' : JSON.stringify(body);
    const outgoing = request({
      host: ADMIN_HOST,
      port: this.settings.adminPort,
      method,
      path,
      agent: false,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      signal: this.#ended.signal,
    });
    outgoing.end(text);
    const [response] = await once(outgoing, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const answer = Buffer.concat(chunks).toString('utf8');
    if (response.statusCode >= 200 && response.statusCode < 300) return answer;
    throw this.#failure(`answered ${method} ${path} with status ${response.statusCode}: ${answer.trim()}`);
  }

  async command(line: string): Promise<string> {
    const socket = connect({ host: ADMIN_HOST, port: this.settings.adminPort, signal: this.#ended.signal });
    socket.end(`${line}\n`);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8').trim();
  }

  /** Ends it and removes its files. What it has logged stays. Safe to call more than once. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#process?.killGroup();
    await this.#process?.exited;
    await this.#output;
    const { requestLog } = this.settings;
    if (this.#options.kind.logsToFile && existsSync(requestLog)) {
      for await (const line of createInterface(createReadStream(requestLog))) this.#log.read(line);
    }
    await this.#folder.remove();
  }

  /** Call once the last request has ended: what it logged about requests. */
  requests(): readonly LoggedRequest[] {
    return this.#log.requests();
  }

  #onLine(line: string): void {
    this.#lastLines.push(line);
    if (this.#lastLines.length > KEPT_LINES) this.#lastLines.shift();
    if (!this.#options.kind.logsToFile) this.#log.read(line);
    for (const check of [...this.#waiting]) check(line);
  }

  #onExit(how: string): void {
    const error = this.#failure(`ended (${how})`);
    this.#ended.abort(error);
    if (!this.#stopped) this.#options.onDeath(error);
  }

  /** A problem of the program, as an error that quotes its last line. */
  #failure(problem: string): EnvironmentError {
    const last = this.#lastLines.at(-1);
    return new EnvironmentError(`${this.#options.kind.title} ${problem}${last === undefined ? '' : `: ${last}`}`);
  }
}

function accepts(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).finally(() => socket.destroy());
}
