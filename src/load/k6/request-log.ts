/** Collects the requests that loadtest.js prints, and determines when all that started before a time have ended. */
import type { Target } from '../../clusters/cluster.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { PodRef } from '../../trace/cluster-record.ts';
import type { LoadRecord } from '../../trace/load-record.ts';
import { answeringPod } from '../answering-pod.ts';
import type { LoadProgress } from '../load.ts';
import { LoadRecorder } from '../recorder.ts';
import { type RequestMix, type RequestScenario, requestScenarios } from '../request-mix.ts';
import { connectionOf, failedRequest } from './failure.ts';
import { IterationLedger } from './iteration-ledger.ts';
import { parseLine, type RequestLine } from './request-line.ts';

/**
 * k6 numbers an iteration just before its script reads the clock. Two iterations this far apart, in ms, are in order.
 */
const FENCE_MS = 100;
/** How long after its timeout a request is printed at the latest, in ms. */
const PRINT_LIMIT_MS = 1000;

export interface RequestLogOptions {
  requestMix: RequestMix;
  target: Target;
  /** For each k6 instance whose output is read, the conversion of its wall clock to the trial's clock. */
  clocks: readonly Pick<TrialClock, 'fromEpochMs'>[];
}

interface Lane {
  scenario: RequestScenario;
  ledger: IterationLedger;
}

interface Instance {
  clock: Pick<TrialClock, 'fromEpochMs'>;
  lanes: ReadonlyMap<string, Lane>;
  /** The pod of each virtual user's last request. If its connection is reused, it still leads there. */
  podOfUser: Map<number, PodRef>;
}

export class RequestLog {
  /** When the last instance of k6 began to start requests, in ms on the trial's clock. */
  readonly started: Promise<number>;
  readonly #target: Target;
  readonly #instances: readonly Instance[];
  readonly #startsMs = new Map<Instance, number>();
  readonly #recorder = new LoadRecorder();
  #onStarted: (startedMs: number) => void = () => {};
  /** How many requests had started but were never printed. */
  #lost = 0;
  /** Requests that start after this time, in ms, are not counted. */
  #stoppedMs = Number.POSITIVE_INFINITY;

  constructor({ requestMix, target, clocks }: RequestLogOptions) {
    this.#target = target;
    this.#instances = clocks.map((clock) => ({
      clock,
      lanes: new Map(
        requestScenarios(requestMix).map((scenario) => [scenario.name, { scenario, ledger: new IterationLedger() }]),
      ),
      podOfUser: new Map(),
    }));
    this.started = new Promise((resolve) => {
      this.#onStarted = resolve;
    });
  }

  get progress(): LoadProgress {
    const started = this.#lanes.reduce((sum, { ledger }) => sum + ledger.started, 0);
    return { started, failed: this.#recorder.failed };
  }

  /** Takes one line of an instance's output. Returns false if it was not the script's. */
  read(text: string, index = 0): boolean {
    const instance = this.#instances[index];
    if (!instance) throw new Error(`there is no k6 instance ${index}`);
    const line = parseLine(text);
    if (line.kind === 'started') this.#noteStart(instance, instance.clock.fromEpochMs(line.startedAtMs));
    if (line.kind === 'request') this.#count(instance, line.request);
    return line.kind !== 'message';
  }

  /**
   * Stops counting requests that start from now on. Resolves once every earlier one has ended: when a later one and all
   * with lower numbers have been printed, or at the latest when each must have timed out.
   */
  async stop(stoppedMs: number): Promise<void> {
    this.#stoppedMs = stoppedMs;
    const lost = this.#lanes.map(async ({ scenario, ledger }) => {
      const settled = await ledger.settled(scenario.timeoutMs + PRINT_LIMIT_MS);
      // Not even a later one was printed, so at least one request is missing, even if no number is open.
      return settled ? 0 : Math.max(1, ledger.open);
    });
    this.#lost = (await Promise.all(lost)).reduce((sum, count) => sum + count, 0);
  }

  /** @param droppedRequests arrivals that k6 could not start */
  record(generator: string, droppedRequests: number): LoadRecord {
    const recorder = this.#recorder;
    // k6 does not report the planned start of a request.
    const { lateness: _, ...record } = recorder.record(generator, recorder.started + droppedRequests, droppedRequests);
    return this.#lost === 0 ? record : { ...record, lostRequests: this.#lost };
  }

  get #lanes(): Lane[] {
    return this.#instances.flatMap(({ lanes }) => [...lanes.values()]);
  }

  #noteStart(instance: Instance, startedMs: number): void {
    this.#startsMs.set(instance, this.#startsMs.get(instance) ?? startedMs);
    if (this.#startsMs.size === this.#instances.length) this.#onStarted(Math.max(...this.#startsMs.values()));
  }

  #count({ clock, lanes, podOfUser }: Instance, line: RequestLine): void {
    const lane = lanes.get(line.scenario);
    if (!lane) throw new Error(`k6 ran a scenario that is not in the request mix: ${line.scenario}`);
    const startedMs = clock.fromEpochMs(line.startedAtMs);
    lane.ledger.ended(line.iteration, startedMs > this.#stoppedMs + FENCE_MS);
    const seen = line.failed ? this.#proxiedRequest(line.id) : undefined;
    const connection = line.failed ? connectionOf(line) : line.connection;
    const perRequest = this.#target.kind !== 'routes' && this.#target.perRequest === true;
    const staysWithPod = !perRequest && (seen?.connection ?? connection) === 'reused';
    const pod = answeringPod({
      answered: line.pod,
      dialled: seen?.pod,
      answeredBefore: staysWithPod ? podOfUser.get(line.vu) : undefined,
    });
    if (pod === undefined) podOfUser.delete(line.vu);
    else podOfUser.set(line.vu, pod);
    if (startedMs > this.#stoppedMs) return;

    this.#recorder.start(undefined);
    if (line.pod !== undefined) this.#recorder.requestCount(line.requestCount);
    if (pod !== undefined && (perRequest || connection === 'fresh'))
      this.#recorder.newConnection(pod.uid, startedMs, !line.failed);
    // A request that never had a connection says nothing about reuse.
    const connected = !line.failed || line.timings.blocked > 0;
    if (lane.scenario.connection === 'keep-alive' && connected) {
      this.#recorder.keepAlive(connection === 'reused');
    }
    if (line.failed) this.#recorder.failure(failedRequest(line, startedMs, seen, pod));
    else this.#recorder.success(line.scenario, pod?.uid ?? '', startedMs, startedMs + line.latencyMs);
  }

  #proxiedRequest(id: string) {
    return this.#target.kind === 'routes' ? this.#target.proxiedRequest(id) : undefined;
  }
}
