/** Holds the sessions of one scenario open: each client has one, and opens another when it ends. */
import type { ServiceNetwork } from '../../clusters/local/service-network.ts';
import type { Random } from '../../random.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { PodRef } from '../../trace/cluster-record.ts';
import type { SessionRecord } from '../../trace/load-record.ts';
import { answeringPod } from '../answering-pod.ts';
import type { LoadRecorder } from '../recorder.ts';
import type { SessionScenario } from '../request-mix.ts';
import type { Outcome } from './connection.ts';
import { EventStreamReader } from './event-stream-reader.ts';
import { failedRequest, notConnected } from './failed-request.ts';
import { Client } from './pool.ts';
import { firstOpeningMs, reconnectDelayMs, STABLE_SESSION_MS } from './reconnect.ts';
import { sessionText } from './request-text.ts';
import { endOfSession } from './session-end.ts';
import { clientCloseFrame, newWebSocketKey, WebSocketReader } from './web-socket-reader.ts';

/** RFC 6455, section 7.4.1: the client is leaving. */
const GOING_AWAY = 1001;

/** A client of the service, whichever session it has at the moment. */
interface Holder {
  number: number;
  /** When it opens its next session, while it has none. */
  dueMs: number;
  /** Failed attempts since its last stable session. */
  failures: number;
}

interface Session {
  holder: Holder;
  id: string;
  client: Client;
  reader: EventStreamReader | WebSocketReader;
  startedMs: number;
  /** Undefined while it is being opened. */
  openedMs: number | undefined;
  /** The load has ended it. */
  released: boolean;
}

export interface SessionLaneOptions {
  scenario: SessionScenario;
  network: ServiceNetwork;
  /** As in a target. */
  virtualHost: string | undefined;
  clock: TrialClock;
  random: Random;
  recorder: LoadRecorder;
  newId(): string;
  /** Called when a session has to be opened within that time, and `tick` has not said so. */
  wakeWithin(ms: number): void;
  /** Called after `stop` whenever an attempt has ended. */
  onEnd(): void;
}

export class SessionLane {
  readonly #options: SessionLaneOptions;
  readonly #waiting = new Set<Holder>();
  /** In the order they started. */
  readonly #opening = new Set<Session>();
  readonly #open = new Set<Session>();
  /** The earliest time at which a client may have to open a session. */
  #nextDueMs = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(options: SessionLaneOptions) {
    this.#options = options;
    const { clock, recorder, scenario } = options;
    const startMs = clock.nowMs();
    for (let number = 0; number < scenario.connections; number++) {
      this.#waiting.add({ number, dueMs: startMs + firstOpeningMs(number), failures: 0 });
    }
    recorder.holdSessions(scenario.name, scenario.connections);
  }

  /** No attempt to open a session is going on. */
  get idle(): boolean {
    return this.#opening.size === 0;
  }

  /** Opens the sessions that are due and gives up those that were not opened in time. Returns when it is due again. */
  tick(nowMs: number): number {
    if (nowMs >= this.#nextDueMs) this.#openDue(nowMs);
    return Math.min(this.#nextDueMs, this.#timeOut(nowMs));
  }

  /** Opens no more sessions and ends those that are open. Attempts go on until they succeed or fail. */
  stop(): void {
    this.#stopped = true;
    this.#waiting.clear();
    this.#nextDueMs = Number.POSITIVE_INFINITY;
    for (const session of this.#open) this.#release(session);
  }

  /** Ends everything at once. */
  abort(): void {
    this.stop();
    for (const session of this.#opening) {
      session.released = true;
      this.#giveUp(session, 'aborted', 'the load was aborted');
    }
  }

  #openDue(nowMs: number): void {
    this.#nextDueMs = Number.POSITIVE_INFINITY;
    for (const holder of this.#waiting) {
      if (holder.dueMs > nowMs) {
        this.#nextDueMs = Math.min(this.#nextDueMs, holder.dueMs);
        continue;
      }
      this.#waiting.delete(holder);
      this.#start(holder);
    }
  }

  #start(holder: Holder): void {
    const { scenario, network, virtualHost, clock, recorder, newId } = this.#options;
    const client = new Client();
    const key = newWebSocketKey();
    const onOpen = () => this.#opened(session);
    const reader =
      scenario.connection === 'events'
        ? new EventStreamReader(onOpen)
        : new WebSocketReader(key, { onOpen, write: (frame) => client.connection?.write(frame) });
    const startedMs = clock.nowMs();
    const session: Session = { holder, id: newId(), client, reader, startedMs, openedMs: undefined, released: false };
    this.#opening.add(session);
    recorder.start(undefined);
    client.connect(
      network,
      (connection) => {
        const text = sessionText(
          scenario,
          { id: session.id, endpoint: client.destination?.endpoint, virtualHost },
          key,
        );
        connection.send(text, (outcome) => this.#end(session, outcome));
      },
      (error) => this.#end(session, notConnected(error, 'no connection to the Service')),
      reader,
    );
  }

  #opened(session: Session): void {
    const { clock, recorder, onEnd } = this.#options;
    session.openedMs = clock.nowMs();
    this.#opening.delete(session);
    this.#open.add(session);
    recorder.sessionsOpen(1);
    const requestCount = session.reader.head?.headers.get('x-request-count');
    if (requestCount !== undefined) recorder.requestCount(Number(requestCount));
    if (!this.#stopped) return;
    this.#release(session);
    onEnd();
  }

  /** The load is over: the session was open to its end. */
  #release(session: Session): void {
    this.#open.delete(session);
    session.released = true;
    this.#record(session, {});
    const { connection } = session.client;
    if (this.#options.scenario.connection === 'websocket') connection?.write(clientCloseFrame(GOING_AWAY));
    connection?.abandon('stopped', 'the load has ended');
  }

  #end(session: Session, outcome: Outcome): void {
    this.#opening.delete(session);
    if (session.released) return;
    const { clock, random, wakeWithin, onEnd } = this.#options;
    const { holder, openedMs } = session;
    const endedMs = clock.nowMs();
    if (openedMs === undefined) this.#notOpened(session, outcome, endedMs);
    else this.#endOpen(session, outcome, endedMs);
    const stable = openedMs !== undefined && endedMs - openedMs >= STABLE_SESSION_MS;
    holder.failures = stable ? 0 : holder.failures + 1;
    if (this.#stopped) {
      onEnd();
      return;
    }
    const waitMs = reconnectDelayMs(holder.failures, random);
    holder.dueMs = endedMs + waitMs;
    wakeWithin(waitMs);
    this.#nextDueMs = Math.min(this.#nextDueMs, holder.dueMs);
    this.#waiting.add(holder);
  }

  #notOpened(session: Session, outcome: Outcome, endedMs: number): void {
    const pod = podOf(session);
    if (pod) this.#options.recorder.newConnection(pod.uid, session.startedMs, false);
    this.#fail(session, outcome, endedMs);
  }

  #endOpen(session: Session, seen: Outcome, endedMs: number): void {
    const { scenario, recorder } = this.#options;
    this.#open.delete(session);
    recorder.sessionsOpen(-1);
    const code = session.reader instanceof WebSocketReader ? session.reader.closeCode : undefined;
    const { how, closeCode, outcome } = endOfSession(scenario.connection, seen, code);
    this.#record(session, { endedMs, end: how, ...(closeCode === undefined ? {} : { closeCode }) });
    if (outcome.error) this.#fail(session, outcome, endedMs);
  }

  #fail({ id, startedMs, ...session }: Session, outcome: Outcome, endedMs: number): void {
    const { scenario, recorder } = this.#options;
    const way = { router: session.client.destination?.router, pod: podOf(session) };
    recorder.failure(failedRequest({ scenario, id, startedMs, reused: false }, outcome, way, endedMs));
  }

  #record(session: Session, end: Partial<SessionRecord>): void {
    const { scenario, recorder } = this.#options;
    const { holder, startedMs, openedMs = startedMs } = session;
    const pod = podOf(session);
    if (pod) recorder.newConnection(pod.uid, startedMs, true);
    const common = { scenario: scenario.name, client: holder.number, pod: pod?.uid ?? '' };
    recorder.session({ ...common, startedMs, openedMs, ...end });
  }

  /** Gives up every attempt that has timed out. Returns when the next one times out. */
  #timeOut(nowMs: number): number {
    const { timeoutMs } = this.#options.scenario;
    for (const session of this.#opening) {
      const timesOutMs = session.startedMs + timeoutMs;
      if (nowMs < timesOutMs) return timesOutMs; // all later ones started later
      this.#giveUp(session, 'timeout', `not opened within ${timeoutMs} ms`);
    }
    return Number.POSITIVE_INFINITY;
  }

  #giveUp(session: Session, name: string, why: string): void {
    if (session.client.giveUp()) this.#end(session, notConnected(name, why));
    else session.client.connection?.abandon(name, why);
  }
}

/** The pod that the response names, else the one that was dialled. */
function podOf({ client, reader }: Pick<Session, 'client' | 'reader'>): PodRef | undefined {
  return answeringPod({
    answered: reader.head?.headers.get('x-pod-name'),
    dialled: client.destination?.endpoint?.pod,
  });
}
