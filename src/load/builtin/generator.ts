/**
 * The load itself: starts requests when they are due, follows each to its end, and records what happened. Sessions are
 * held open beside them (session-lane.ts).
 */

import type { RoutingTable } from '../../clusters/cluster.ts';
import { ServiceNetwork } from '../../clusters/local/service-network.ts';
import type { Random } from '../../random.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { PodRef } from '../../trace/cluster-record.ts';
import type { LoadRecord } from '../../trace/load-record.ts';
import { answeringPod } from '../answering-pod.ts';
import { LoadRecorder } from '../recorder.ts';
import { type RequestMix, type RequestScenario, requestScenarios, sessionScenarios } from '../request-mix.ts';
import type { Outcome } from './connection.ts';
import { failedRequest, notConnected, type SentRequest } from './failed-request.ts';
import { type Client, ClientPool } from './pool.ts';
import { type RequestText, requestTextOf } from './request-text.ts';
import { type Arrivals, BurstArrivals, ConstantArrivals } from './schedule.ts';
import { SessionLane } from './session-lane.ts';
import type { Ticker, Ticking } from './ticker.ts';

/** Beyond this many in flight, a request is counted as dropped instead of started: no system recovers from so many. */
const MAX_IN_FLIGHT = 5000;

interface InFlight extends SentRequest {
  scenario: RequestScenario;
  client: Client;
}

interface Lane {
  scenario: RequestScenario;
  textOf: RequestText;
  /** In the order they started. */
  inFlight: Set<InFlight>;
  arrivals: Arrivals;
  pool: ClientPool;
}

export interface GeneratorOptions {
  requestMix: RequestMix;
  routes: RoutingTable;
  clock: TrialClock;
  random: Random;
  /** Calls `tick` when something is due. */
  ticker: Ticker;
  /** Holds the numbers of requests started and failed; see LoadRecorder. */
  counts?: Uint32Array;
}

export class Generator implements Ticking {
  readonly recorder: LoadRecorder;
  routes: RoutingTable;
  readonly #clock: TrialClock;
  readonly #ticker: Ticker;
  readonly #network: ServiceNetwork;
  readonly #lanes: Lane[];
  readonly #sessions: SessionLane[];
  readonly #idPrefix: string;
  #inFlight = 0;
  #dropped = 0;
  #stopped = false;
  #onIdle: (() => void) | undefined;

  constructor({ requestMix, routes, clock, random, ticker, counts }: GeneratorOptions) {
    this.recorder = new LoadRecorder(counts);
    this.routes = routes;
    this.#clock = clock;
    this.#ticker = ticker;
    this.#network = new ServiceNetwork(() => this.routes, random);
    this.#idPrefix = Math.floor(random.next() * 2 ** 32).toString(36);
    const startMs = clock.nowMs();
    this.#lanes = requestScenarios(requestMix).map((scenario) => ({
      scenario,
      textOf: requestTextOf(scenario, routes.virtualHost),
      inFlight: new Set(),
      arrivals: arrivalsOf(scenario, startMs),
      pool: new ClientPool(scenario.connection === 'keep-alive', scenario.connections),
    }));
    const { recorder } = this;
    const common = {
      network: this.#network,
      virtualHost: routes.virtualHost,
      clock,
      random,
      recorder,
      newId: () => this.#newId(),
      wakeWithin: (ms: number) => ticker.wakeWithin(ms),
      onEnd: () => this.#checkIdle(),
    };
    this.#sessions = sessionScenarios(requestMix).map((scenario) => new SessionLane({ scenario, ...common }));
  }

  start(): void {
    this.#ticker.add(this);
  }

  /**
   * Starts no more requests and ends the sessions. Resolves when the last request has ended, by itself or by its timeout.
   */
  async stop(generatorName: string): Promise<{ stoppedMs: number; record: LoadRecord }> {
    this.#stopped = true;
    const stoppedMs = this.#clock.nowMs();
    const planned = this.#lanes.reduce((sum, lane) => sum + lane.arrivals.taken, 0);
    for (const lane of this.#sessions) lane.stop();
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      this.#checkIdle();
    });
    this.#ticker.remove(this);
    for (const lane of this.#lanes) lane.pool.close();
    return { stoppedMs, record: this.recorder.record(generatorName, planned, this.#dropped) };
  }

  /** Ends everything at once and discards the record. */
  abort(): void {
    this.#stopped = true;
    this.#ticker.remove(this);
    for (const lane of this.#lanes) {
      for (const request of lane.inFlight) this.#giveUp(lane, request, 'aborted', 'the load was aborted');
      lane.pool.close();
    }
    for (const lane of this.#sessions) lane.abort();
  }

  /** Starts the requests that are due and ends those that have timed out. */
  tick(): number {
    const nowMs = this.#clock.nowMs();
    let nextMs = Number.POSITIVE_INFINITY;
    if (!this.#stopped) this.#startDue(nowMs);
    for (const lane of this.#lanes) {
      if (!this.#stopped) nextMs = Math.min(nextMs, lane.arrivals.nextMs);
      nextMs = Math.min(nextMs, this.#timeOut(lane, nowMs));
    }
    for (const lane of this.#sessions) nextMs = Math.min(nextMs, lane.tick(nowMs));
    return nextMs - this.#clock.nowMs();
  }

  /** The scenarios take turns: in bursts of two, neither is always first. */
  #startDue(nowMs: number): void {
    let due = this.#lanes;
    while (due.length > 0) {
      due = due.filter((lane) => {
        const plannedMs = lane.arrivals.take(nowMs);
        if (plannedMs !== undefined) this.#startRequest(lane, plannedMs);
        return plannedMs !== undefined;
      });
    }
  }

  #startRequest(lane: Lane, plannedMs: number): void {
    if (this.#inFlight >= MAX_IN_FLIGHT) {
      this.#dropped++;
      return;
    }
    const { scenario, pool } = lane;
    const client = pool.take();
    const reused = client.connection !== undefined;
    const startedMs = this.#clock.nowMs();
    const id = this.#newId();
    const request: InFlight = { scenario, client, id, plannedMs, startedMs, reused };
    lane.inFlight.add(request);
    this.#inFlight++;
    this.recorder.start(startedMs - plannedMs);
    if (scenario.connection === 'keep-alive') this.recorder.keepAlive(reused);
    client.connect(
      this.#network,
      (connection) => {
        const text = lane.textOf(id, client.destination?.endpoint);
        connection.send(text, (outcome) => this.#end(lane, request, outcome));
      },
      (error) => this.#end(lane, request, notConnected(error, 'no connection to the Service')),
    );
  }

  #newId(): string {
    return `${this.#idPrefix}-${this.recorder.started}`;
  }

  #end(lane: Lane, request: InFlight, outcome: Outcome): void {
    const endedMs = this.#clock.nowMs();
    if (lane.inFlight.delete(request)) this.#inFlight--;
    const { client, reused, startedMs } = request;
    const status = outcome.head?.status;
    const ok = !outcome.error && status !== undefined && status >= 200 && status < 300;
    const { perRequest = false } = this.routes;
    const pod = podOf(request, outcome, perRequest);
    if (pod && (perRequest || !reused)) this.recorder.newConnection(pod.uid, startedMs, ok);
    client.lastPod = pod;
    if (ok) {
      this.recorder.success(lane.scenario.name, pod?.uid ?? '', startedMs, endedMs);
      const requestCount = outcome.head?.headers.get('x-request-count');
      if (requestCount !== undefined) this.recorder.requestCount(Number(requestCount));
    } else {
      const way = { router: client.destination?.router, pod };
      this.recorder.failure(failedRequest(request, outcome, way, endedMs));
    }
    lane.pool.release(client);
    this.#checkIdle();
  }

  /** Ends every request of a lane that has timed out. Returns when the next one times out. */
  #timeOut(lane: Lane, nowMs: number): number {
    const { timeoutMs } = lane.scenario;
    for (const request of lane.inFlight) {
      const timesOutMs = request.startedMs + timeoutMs;
      if (nowMs < timesOutMs) return timesOutMs; // all later ones started later
      this.#giveUp(lane, request, 'timeout', `no complete response within ${timeoutMs} ms`);
    }
    return Number.POSITIVE_INFINITY;
  }

  #giveUp(lane: Lane, request: InFlight, name: string, why: string): void {
    if (request.client.giveUp()) this.#end(lane, request, notConnected(name, why));
    else request.client.connection?.abandon(name, why);
  }

  #checkIdle(): void {
    if (this.#onIdle && this.#inFlight === 0 && this.#sessions.every(({ idle }) => idle)) this.#onIdle();
  }
}

function arrivalsOf({ bursts, ratePerSecond }: RequestScenario, startMs: number): Arrivals {
  return bursts ? new BurstArrivals(startMs, bursts) : new ConstantArrivals(startMs, ratePerSecond);
}

function podOf({ client, reused }: InFlight, { head }: Outcome, perRequest: boolean): PodRef | undefined {
  return answeringPod({
    answered: head?.headers.get('x-pod-name'),
    dialled: client.destination?.endpoint?.pod,
    answeredBefore: reused && !perRequest ? client.lastPod : undefined,
  });
}
