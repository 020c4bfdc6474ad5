/** The load itself: starts requests when they are due, follows each to its end, and writes down what happened. */

import type { Endpoint, RoutingTable } from '../../clusters/cluster.ts';
import { ServiceNetwork } from '../../clusters/local/service-network.ts';
import type { Random } from '../../random.ts';
import { after, type Timer } from '../../timers.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { PodRef } from '../../trace/cluster-record.ts';
import type { FailedRequest, LoadRecord } from '../../trace/load-record.ts';
import { answeringPod } from '../answering-pod.ts';
import { LoadRecorder } from '../recorder.ts';
import type { RequestMix, Scenario } from '../request-mix.ts';
import type { Outcome } from './connection.ts';
import { type Client, ClientPool } from './pool.ts';
import { ConstantArrivals } from './schedule.ts';

/** More requests in flight than this are not started but counted as dropped; no system under test recovers from it. */
const MAX_IN_FLIGHT = 5000;
/** How often requests are checked for their timeout. */
const TIMEOUT_SWEEP_MS = 50;

interface InFlight {
  scenario: Scenario;
  client: Client;
  id: string;
  plannedMs: number;
  startedMs: number;
  reused: boolean;
}

interface Lane {
  scenario: Scenario;
  /** In the order of their starts. */
  inFlight: Set<InFlight>;
  arrivals: ConstantArrivals;
  pool: ClientPool;
}

export class Generator {
  readonly recorder = new LoadRecorder();
  routes: RoutingTable;
  readonly #clock: TrialClock;
  readonly #network: ServiceNetwork;
  readonly #lanes: Lane[];
  readonly #idPrefix: string;
  #dropped = 0;
  #stopped = false;
  #timer: Timer | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #onIdle: (() => void) | undefined;

  constructor(requestMix: RequestMix, routes: RoutingTable, clock: TrialClock, random: Random) {
    this.routes = routes;
    this.#clock = clock;
    this.#network = new ServiceNetwork(() => this.routes, random);
    this.#idPrefix = Math.floor(random.next() * 2 ** 32).toString(36);
    const startMs = clock.nowMs();
    this.#lanes = requestMix.scenarios.map((scenario) => ({
      scenario,
      inFlight: new Set(),
      arrivals: new ConstantArrivals(startMs, scenario.ratePerSecond),
      pool: new ClientPool(scenario.connection === 'keep-alive', scenario.connections),
    }));
  }

  start(): void {
    this.#sweep = setInterval(() => this.#timeOut(), TIMEOUT_SWEEP_MS);
    this.#tick();
  }

  /** Starts nothing more; resolves when the last request has ended, by itself or by its timeout. */
  async stop(generatorName: string): Promise<{ stoppedMs: number; record: LoadRecord }> {
    this.#stopped = true;
    this.#timer?.cancel();
    const stoppedMs = this.#clock.nowMs();
    const planned = this.#lanes.reduce((sum, lane) => sum + lane.arrivals.taken, 0);
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      this.#checkIdle();
    });
    clearInterval(this.#sweep);
    for (const lane of this.#lanes) lane.pool.close();
    return { stoppedMs, record: this.recorder.record(generatorName, planned, this.#dropped) };
  }

  #tick(): void {
    if (this.#stopped) return;
    for (const lane of this.#lanes) {
      for (let planned = lane.arrivals.take(this.#clock.nowMs()); planned !== undefined; ) {
        this.#startRequest(lane, planned);
        planned = lane.arrivals.take(this.#clock.nowMs());
      }
    }
    const next = Math.min(...this.#lanes.map((lane) => lane.arrivals.nextMs));
    this.#timer = after(next - this.#clock.nowMs(), () => this.#tick());
  }

  #startRequest(lane: Lane, plannedMs: number): void {
    if (this.#inFlightCount() >= MAX_IN_FLIGHT) {
      this.#dropped++;
      return;
    }
    const { scenario, pool } = lane;
    const client = pool.take();
    const reused = client.connection !== undefined;
    const startedMs = this.#clock.nowMs();
    const id = `${this.#idPrefix}-${this.recorder.started}`;
    const request: InFlight = { scenario, client, id, plannedMs, startedMs, reused };
    lane.inFlight.add(request);
    this.recorder.start(startedMs - plannedMs);
    if (scenario.connection === 'keep-alive') this.recorder.keepAlive(reused);
    client.connect(
      this.#network,
      (connection) => {
        const text = requestText(scenario, id, client.destination?.endpoint);
        connection.send(text, (outcome) => this.#end(lane, request, outcome));
      },
      (error) => this.#end(lane, request, notConnected(error, 'no connection to the Service')),
    );
  }

  #end(lane: Lane, request: InFlight, outcome: Outcome): void {
    const endedMs = this.#clock.nowMs();
    lane.inFlight.delete(request);
    const status = outcome.head?.status;
    const ok = !outcome.error && status !== undefined && status >= 200 && status < 300;
    const pod = podOf(request, outcome);
    if (pod && !request.reused) this.recorder.newConnection(pod.uid, request.startedMs, ok);
    request.client.lastPod = pod;
    if (ok) {
      this.recorder.success(request.scenario.name, pod?.uid ?? '', request.startedMs, endedMs);
      const requestCount = outcome.head?.headers.get('x-request-count');
      if (requestCount !== undefined) this.recorder.requestCount(Number(requestCount));
    } else {
      this.recorder.failure(describe(request, outcome, pod, endedMs));
    }
    lane.pool.release(request.client);
    this.#checkIdle();
  }

  #timeOut(): void {
    const now = this.#clock.nowMs();
    for (const lane of this.#lanes) {
      for (const request of lane.inFlight) {
        const { timeoutMs } = lane.scenario;
        if (now - request.startedMs < timeoutMs) break; // in the order of their starts
        const why = `no complete response within ${timeoutMs} ms`;
        if (request.client.giveUp()) this.#end(lane, request, notConnected('timeout', why));
        else request.client.connection?.abandon('timeout', why);
      }
    }
  }

  #inFlightCount(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.inFlight.size, 0);
  }

  #checkIdle(): void {
    if (this.#onIdle && this.#inFlightCount() === 0) this.#onIdle();
  }
}

function notConnected(name: string, detail: string): Outcome {
  return { phase: 'connect', bytesReceived: 0, head: undefined, error: { name, detail } };
}

function requestText(scenario: Scenario, id: string, endpoint: Endpoint | undefined): string {
  // Sent as latin1, one byte a character: these are the bytes of its UTF-8.
  const body = Buffer.from(scenario.body ?? '', 'utf8').toString('latin1');
  return [
    `${scenario.method} ${scenario.path} HTTP/1.1`,
    `host: ${endpoint?.host.includes(':') ? `[${endpoint.host}]` : endpoint?.host}:${endpoint?.port}`,
    `x-request-id: ${id}`,
    `connection: ${scenario.connection === 'fresh' ? 'close' : 'keep-alive'}`,
    ...(scenario.body === undefined
      ? []
      : ['content-type: application/json', `content-length: ${Buffer.byteLength(body, 'latin1')}`]),
    '',
    body,
  ].join('\r\n');
}

function podOf({ client, reused }: InFlight, { head }: Outcome): PodRef | undefined {
  return answeringPod({
    answered: head?.headers.get('x-pod-name'),
    dialled: client.destination?.endpoint?.pod,
    answeredBefore: reused ? client.lastPod : undefined,
  });
}

function describe(request: InFlight, outcome: Outcome, pod: PodRef | undefined, endedMs: number): FailedRequest {
  const { id, scenario, plannedMs, startedMs, client } = request;
  const status = outcome.head?.status;
  const connection = request.reused ? 'reused' : 'fresh';
  const seen = {
    phase: outcome.phase,
    error: outcome.error?.name ?? 'status',
    bytesReceived: outcome.bytesReceived,
    ...(status === undefined ? {} : { status }),
  };
  const router = client.destination?.router;
  return {
    id,
    scenario: scenario.name,
    plannedMs,
    startedMs,
    endedMs,
    client: { ...seen, connection, detail: outcome.error?.detail ?? `HTTP status ${status}` },
    attempts: [
      {
        ...(router ? { via: router } : {}),
        ...(pod ? { pod } : {}),
        connection: { state: connection },
        startedMs,
        endedMs,
        ...seen,
      },
    ],
  };
}
