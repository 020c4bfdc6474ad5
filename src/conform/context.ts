/** What a case works with: new servers of its own, and the survey of the server. */
import { once } from 'node:events';
import WebSocket from 'ws';
import { delay } from '../timers.ts';
import { describeReply, type ProbeConnection, type Reply } from './http-probe.ts';
import type { Ports } from './ports.ts';
import { get, postHead } from './requests.ts';
import { slowPathFor, webSocketUrl } from './routes.ts';
import { ServerUnderTest, type Target } from './server-under-test.ts';
import type { Survey } from './survey.ts';
import { ANSWER_MS, orAfter, READ_MS, SETTLED_MS } from './timing.ts';
import { CaseEnded, fail, notApplicable, required, Unusable } from './verdict.ts';

/** A request in flight: the server has received it and has not responded yet. */
export interface Work {
  /** For example "GET /delay/3000". */
  name: string;
  connection: ProbeConnection;
  reply: Promise<Reply>;
  /** Sends the rest of the request, if there is any. */
  finish(): void;
}

type CompleteReply = Reply & { complete: true };

/** How much longer than an idle drain a slow request takes. */
const BEYOND_DRAIN_MS = 1500;
const SHORTEST_WORK_MS = 2000;

const UPLOAD_BYTES = 2000;

export class CaseContext {
  readonly survey: Survey;
  readonly graceMs: number;
  readonly stopSignal: NodeJS.Signals;
  /** How long an idle connection is watched, in ms. */
  readonly idleLimitMs: number;
  readonly #target: Target;
  readonly #ports: Ports;
  readonly #servers: ServerUnderTest[] = [];
  readonly #connections: ProbeConnection[] = [];
  readonly #webSockets: WebSocket[] = [];
  #over = false;
  #lateMs = 0;

  constructor(target: Target, survey: Survey, ports: Ports, idleLimitMs: number) {
    this.#target = target;
    this.survey = survey;
    this.graceMs = target.graceMs;
    this.stopSignal = target.stopSignal;
    this.#ports = ports;
    this.idleLimitMs = idleLimitMs;
  }

  /** Starts a new process and waits until it has served for a while. */
  async serve(): Promise<ServerUnderTest> {
    const server = await this.start();
    await server.listens();
    await Promise.all([server.serves(), delay(SETTLED_MS)]);
    return server;
  }

  /** Starts a new process. */
  async start(): Promise<ServerUnderTest> {
    const server = await ServerUnderTest.start(this.#target, await this.#ports.next());
    this.#servers.push(server);
    if (this.#over) await this.end();
    return server;
  }

  /** Waits before a step whose time matters, and records how late the step is. */
  async pause(ms: number): Promise<void> {
    const dueMs = performance.now() + ms;
    await delay(ms);
    this.noteLateness(performance.now() - dueMs);
  }

  /** Records that a step of the case was this many ms late. */
  noteLateness(ms: number): void {
    this.#lateMs = Math.max(this.#lateMs, ms);
  }

  /** The largest lateness of a step whose time matters, in ms. */
  get latenessMs(): number {
    return Math.max(this.#lateMs, ...this.#servers.map(({ latenessMs }) => latenessMs));
  }

  /** Runs both at once, or one after the other if the server has only one port. */
  async sideBySide<T>(one: () => Promise<T>, other: () => Promise<T>): Promise<[T, T]> {
    return this.#ports.single ? [await one(), await other()] : Promise.all([one(), other()]);
  }

  connect(server: ServerUnderTest): ProbeConnection {
    const connection = server.connect();
    this.#connections.push(connection);
    return connection;
  }

  /** A keep-alive connection that has carried a request and is idle. */
  async keepAliveConnection(server: ServerUnderTest): Promise<ProbeConnection> {
    return (await this.idleConnection(server)).connection;
  }

  /** The same, with the response that it has carried. */
  async idleConnection(server: ServerUnderTest): Promise<{ connection: ProbeConnection; reply: CompleteReply }> {
    const connection = this.connect(server);
    const reply = await this.answered(connection.ask(get('/')), 'GET /');
    if (!reply.keepAlive) throw new CaseEnded(notApplicable('it closes every connection after a response'));
    return { connection, reply };
  }

  /** An open WebSocket that the server has accepted. */
  async webSocket(server: ServerUnderTest): Promise<WebSocket> {
    const path = required(this.survey.ws);
    const socket = new WebSocket(webSocketUrl(server.address, path));
    this.#webSockets.push(socket);
    // An error is followed by "close", which is what the cases check.
    socket.on('error', () => {});
    await orAfter(ANSWER_MS, Promise.race([once(socket, 'open'), once(socket, 'close')]));
    if (socket.readyState !== WebSocket.OPEN) throw new CaseEnded(fail(`WebSocket ${path} opens`, 'it did not'));
    await delay(READ_MS);
    return socket;
  }

  /** Waits for a complete response, which must arrive because nothing has been disturbed yet. */
  async answered(reply: Promise<Reply>, name: string): Promise<CompleteReply> {
    const got = await orAfter(ANSWER_MS, reply);
    if (got?.complete) return got;
    throw new CaseEnded(
      fail(
        `${name} is answered before ${this.stopSignal}`,
        got ? describeReply(got) : `nothing within ${ANSWER_MS} ms`,
      ),
    );
  }

  /** Ends the case if the server does not end on the stop signal at all, because case 1 reports that. */
  needsExit(): void {
    const reason = `it does not end on ${this.stopSignal} at all (case 1)`;
    if (!this.survey.exits) throw new CaseEnded(notApplicable(reason));
  }

  /** For example "; PID 1 is tini, which runs npm (case 7)"; empty if the server is the first process. */
  behindWrapper(): string {
    const { wrapper } = this.survey;
    return wrapper === undefined ? '' : `; PID 1 is ${wrapper.names} (case 7)`;
  }

  /** How long an idle server keeps listening after the stop signal, in ms. Ends the case if it never stops. */
  drainMs(): number {
    const { drainMs } = this.survey;
    if (drainMs === undefined) throw new CaseEnded(notApplicable('it never stops listening'));
    return drainMs;
  }

  /** A request in flight that outlasts the drain, if the server has a route for that. */
  async workInFlight(server: ServerUnderTest): Promise<Work> {
    const { slow, upload } = this.survey;
    if (slow instanceof Unusable && upload instanceof Unusable) {
      throw new CaseEnded(notApplicable(`no request can be kept in flight: ${slow.reason}; ${upload.reason}`));
    }
    const work = slow instanceof Unusable ? this.#upload(server) : this.#slow(server, this.workMs());
    await delay(READ_MS);
    return work;
  }

  /** A request that does not finish within the grace period unless the server ends it. */
  async stuckWork(server: ServerUnderTest): Promise<Work> {
    const { slow } = this.survey;
    const stuckMs = 60_000;
    const endless = !(slow instanceof Unusable) && slow.fixedMs === undefined && stuckMs > this.graceMs + 5000;
    const work = endless ? this.#slow(server, stuckMs) : this.#upload(server);
    await delay(READ_MS);
    return work;
  }

  /** A slow request of this duration. */
  async slowRequest(server: ServerUnderTest, ms: number): Promise<Work> {
    const work = this.#slow(server, ms);
    await delay(READ_MS);
    return work;
  }

  /** An upload whose second half has not been sent. */
  async halfUpload(server: ServerUnderTest): Promise<Work> {
    const work = this.#upload(server);
    await delay(READ_MS);
    return work;
  }

  /** The duration of a slow request that outlasts the drain but not the grace period, in ms. */
  workMs(): number {
    const longest = Math.max(SHORTEST_WORK_MS, this.graceMs - SHORTEST_WORK_MS);
    return Math.min(Math.max(SHORTEST_WORK_MS, (this.survey.drainMs ?? 0) + BEYOND_DRAIN_MS), longest);
  }

  /** Ends everything that the case has started. */
  async end(): Promise<void> {
    this.#over = true;
    for (const connection of this.#connections) connection.close();
    for (const socket of this.#webSockets) socket.terminate();
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  #slow(server: ServerUnderTest, ms: number): Work {
    const path = slowPathFor(required(this.survey.slow).path, ms);
    const connection = this.connect(server);
    return { name: `GET ${path}`, connection, reply: connection.ask(get(path)), finish() {} };
  }

  #upload(server: ServerUnderTest): Work {
    const path = required(this.survey.upload);
    const half = 'x'.repeat(UPLOAD_BYTES / 2);
    const connection = this.connect(server);
    const reply = connection.ask(postHead(path, UPLOAD_BYTES) + half);
    return { name: `POST ${path}, half sent`, connection, reply, finish: () => connection.write(half) };
  }
}
