/** Collects what loadtest.js prints of its requests, and tells when all that started before a time have ended. */
import type { Target } from '../../clusters/cluster.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { LoadRecord } from '../../trace/trace.ts';
import type { LoadProgress } from '../load.ts';
import { LoadRecorder } from '../recorder.ts';
import type { Scenario, Workload } from '../workload.ts';
import { connectionOf, failedRequest } from './failure.ts';
import { IterationLedger } from './iteration-ledger.ts';
import { parseLine, type RequestLine } from './request-line.ts';

/** k6 numbers an iteration just before its script reads the clock; two this far apart, in ms, cannot have swapped. */
const FENCE_MS = 100;
/** How long after its timeout a request has been printed at the latest, in ms. */
const PRINT_LIMIT_MS = 1000;

export interface RequestLogOptions {
  workload: Workload;
  target: Target;
  clock: TrialClock;
}

export class RequestLog {
  /** When k6 began to start requests, in ms on the trial's clock. */
  readonly started: Promise<number>;
  readonly #options: RequestLogOptions;
  readonly #scenarios: Map<string, { scenario: Scenario; ledger: IterationLedger }>;
  readonly #recorder = new LoadRecorder();
  #onStarted: (startedMs: number) => void = () => {};
  /** No request started after this, in ms, is counted. */
  #stoppedMs = Number.POSITIVE_INFINITY;

  constructor(options: RequestLogOptions) {
    this.#options = options;
    this.#scenarios = new Map(
      options.workload.scenarios.map((scenario) => [scenario.name, { scenario, ledger: new IterationLedger() }]),
    );
    this.started = new Promise((resolve) => {
      this.#onStarted = resolve;
    });
  }

  get progress(): LoadProgress {
    const ledgers = [...this.#scenarios.values()].map(({ ledger }) => ledger);
    return { started: ledgers.reduce((sum, { started }) => sum + started, 0), failed: this.#recorder.failed };
  }

  /** Takes one line of output; false if it was not the script's. */
  read(text: string): boolean {
    const line = parseLine(text);
    if (line.kind === 'started') this.#onStarted(this.#options.clock.fromEpochMs(line.startedAtMs));
    if (line.kind === 'request') this.#count(line.request);
    return line.kind !== 'message';
  }

  /**
   * Counts no request that starts from now on, and resolves once every earlier one has ended: when one that started
   * later has been printed, and all with lower numbers; at the latest when each must have timed out.
   */
  async stop(stoppedMs: number): Promise<void> {
    this.#stoppedMs = stoppedMs;
    const settled = [...this.#scenarios.values()].map(({ scenario, ledger }) =>
      ledger.settled(scenario.timeoutMs + PRINT_LIMIT_MS),
    );
    await Promise.all(settled);
  }

  /** @param droppedRequests arrivals that k6 could not start */
  record(generator: string, droppedRequests: number): LoadRecord {
    const recorder = this.#recorder;
    // k6 does not tell when it meant to start a request.
    const { lateness: _, ...record } = recorder.record(generator, recorder.started + droppedRequests, droppedRequests);
    return record;
  }

  #count(line: RequestLine): void {
    const entry = this.#scenarios.get(line.scenario);
    if (!entry) throw new Error(`k6 ran a scenario that the workload does not have: ${line.scenario}`);
    const startedMs = this.#options.clock.fromEpochMs(line.startedAtMs);
    entry.ledger.ended(line.iteration, startedMs > this.#stoppedMs + FENCE_MS);
    if (startedMs > this.#stoppedMs) return;

    this.#recorder.start(undefined);
    if (line.requestCount > 1) this.#recorder.hiddenRetry();
    // A request that never had a connection tells nothing about reuse.
    if (entry.scenario.connection === 'keep-alive' && line.timings.blocked > 0) {
      this.#recorder.keepAlive(connectionOf(line) === 'reused');
    }
    if (line.failed) this.#recorder.failure(failedRequest(line, startedMs, this.#whereWas(line.id)));
    else this.#recorder.success(line.scenario, line.pod ?? '', startedMs, startedMs + line.durationMs);
  }

  #whereWas(id: string) {
    const { target } = this.#options;
    return target.kind === 'routes' ? target.whereWas(id) : undefined;
  }
}
