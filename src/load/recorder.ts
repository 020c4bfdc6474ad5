/** Collects one load generator's record: failures in full, successes as counts and histograms. */
import type { Histogram } from 'hdr-histogram-js';
import { emptyHistogram, encodeHistogram, recordMs } from '../trace/histogram.ts';
import type { FailedRequest, LoadRecord, SessionRecord } from '../trace/load-record.ts';
import { BUCKET_MS } from '../trace/units.ts';

/** When the last request on a new connection was sent to a pod, and when the last one that it answered. */
interface NewConnections {
  lastMs: number;
  lastAnsweredMs?: number;
}

/** What the numbers in `counts` mean, in their order. */
export const LOAD_COUNTS = ['started', 'failed', 'sessions', 'openSessions'] as const;

export class LoadRecorder {
  /** Requests started and failed, sessions to hold open, and those that are open. */
  readonly #counts: Uint32Array;
  readonly #failures: FailedRequest[] = [];
  /** Counts by scenario, pod and bucket. */
  readonly #successes = new Map<string, Map<string, Map<number, number>>>();
  readonly #latency = new Map<string, Histogram>();
  readonly #lateness = emptyHistogram();
  #keepAliveRequests = 0;
  #reused = 0;
  #hiddenRetries: number | undefined;
  readonly #newConnections = new Map<string, NewConnections>();
  readonly #sessionClients = new Map<string, number>();
  readonly #sessions: SessionRecord[] = [];

  /** @param counts where to keep the numbers of LOAD_COUNTS: in shared memory another thread can read them */
  constructor(counts: Uint32Array = new Uint32Array(LOAD_COUNTS.length)) {
    this.#counts = counts;
  }

  get started(): number {
    return this.#counts[0] ?? 0;
  }

  get failed(): number {
    return this.#counts[1] ?? 0;
  }

  start(latenessMs: number | undefined): void {
    this.#counts[0] = this.started + 1;
    if (latenessMs !== undefined) recordMs(this.#lateness, latenessMs);
  }

  /** Call for each request of a keep-alive scenario. */
  keepAlive(reused: boolean): void {
    this.#keepAliveRequests++;
    if (reused) this.#reused++;
  }

  success(scenario: string, pod: string, startedMs: number, endedMs: number): void {
    const bucket = Math.floor(startedMs / BUCKET_MS);
    const pods = among(this.#successes, scenario, () => new Map<string, Map<number, number>>());
    const buckets = among(pods, pod, () => new Map<number, number>());
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
    const histogram = among(this.#latency, scenario, emptyHistogram);
    recordMs(histogram, endedMs - startedMs);
  }

  failure(request: FailedRequest): void {
    this.#counts[1] = this.failed + 1;
    this.#failures.push(request);
  }

  /** Call for each request that was sent to a pod on a new connection. */
  newConnection(pod: string, startedMs: number, answered: boolean): void {
    const known = among(this.#newConnections, pod, (): NewConnections => ({ lastMs: startedMs }));
    known.lastMs = Math.max(startedMs, known.lastMs);
    if (answered) known.lastAnsweredMs = Math.max(startedMs, known.lastAnsweredMs ?? startedMs);
  }

  /** Call for each response that says how often its pod had seen the request. */
  requestCount(count: number): void {
    this.#hiddenRetries = (this.#hiddenRetries ?? 0) + (count > 1 ? 1 : 0);
  }

  /** Call once for each scenario of sessions. */
  holdSessions(scenario: string, clients: number): void {
    this.#sessionClients.set(scenario, clients);
    this.#counts[2] = (this.#counts[2] ?? 0) + clients;
  }

  /** Call with 1 for each session that opens, and with -1 when it ends. */
  sessionsOpen(change: 1 | -1): void {
    this.#counts[3] = (this.#counts[3] ?? 0) + change;
  }

  /** Call for each session that was open, however it ended. One that was cut is a failure too. */
  session(session: SessionRecord): void {
    this.#sessions.push(session);
  }

  record(generator: string, plannedRequests: number, droppedRequests: number): LoadRecord {
    return {
      generator,
      plannedRequests,
      droppedRequests,
      failures: this.#failures.sort((a, b) => a.startedMs - b.startedMs),
      successes: [...this.#successes].flatMap(([scenario, pods]) =>
        [...pods].flatMap(([pod, buckets]) =>
          [...buckets].map(([bucket, count]) => ({ scenario, pod, bucket, count })),
        ),
      ),
      ...(this.#keepAliveRequests > 0 ? { connectionReuse: this.#reused / this.#keepAliveRequests } : {}),
      ...(this.#hiddenRetries === undefined ? {} : { hiddenRetries: { client: this.#hiddenRetries } }),
      ...(this.#newConnections.size > 0 ? { newConnections: Object.fromEntries(this.#newConnections) } : {}),
      ...(this.#sessionClients.size > 0
        ? {
            sessions: {
              clients: Object.fromEntries(this.#sessionClients),
              opened: this.#sessions.sort((a, b) => a.openedMs - b.openedMs),
            },
          }
        : {}),
      latency: Object.fromEntries([...this.#latency].map(([name, histogram]) => [name, encodeHistogram(histogram)])),
      ...(this.#lateness.totalCount > 0 ? { lateness: encodeHistogram(this.#lateness) } : {}),
    };
  }
}

/** The value of a key, created if there is none. */
function among<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
