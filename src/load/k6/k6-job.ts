/** The k6 load generator within a cluster: a Job whose pods share the load and whose output is followed. */
import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import type { Target } from '../../clusters/cluster.ts';
import { Conditions, within } from '../../clusters/condition.ts';
import { apiError, type KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { followLog } from '../../clusters/kubernetes/follow-log.ts';
import { isReady } from '../../clusters/kubernetes/pod-timeline.ts';
import { creationTrouble, podTrouble, schedulingTrouble, unreadiness } from '../../clusters/kubernetes/trouble.ts';
import { watchResource } from '../../clusters/kubernetes/watches.ts';
import { EnvironmentError } from '../../errors.ts';
import { projectFile } from '../../project-file.ts';
import { delay } from '../../timers.ts';
import type { LoadGenerator, LoadOptions, RunningLoad } from '../load.ts';
import { INDEX_ANNOTATION, LOAD_CONTAINER, LOAD_NAME, type LoadJob, loadConfigMap, loadJob } from './job-objects.ts';
import { k6Clock } from './k6-clock.ts';
import { droppedIterations } from './k6-metrics.ts';
import { LoadPod } from './load-pod.ts';
import { RequestLog } from './request-log.ts';

/**
 * Covers scheduling, the image pull and k6's own start. A kubelet (observed twice with 1.34.4) may report a running
 * container, and provide its log, as late as three minutes after its start.
 */
const START_LIMIT_MS = 240_000;
/** k6 starts with virtual users that have never run, and drops arrivals until they have. */
const WARM_UP_MS = 1000;
/** How long the log may be silent, because the load constantly makes requests and each prints a line. */
const SILENCE_MS = 2000;

export interface K6JobOptions {
  api: KubernetesApi;
  image: string;
  pods: number;
}

/** Load from within the cluster, for targets of kind `service`. */
export function k6JobLoad(options: K6JobOptions): LoadGenerator {
  return {
    name: 'k6',
    async start(load) {
      if (load.target.kind !== 'service') throw new Error('a load Job needs a target of kind service');
      const running = new RunningJob(options, load, load.target);
      await running.start();
      return running;
    },
  };
}

class RunningJob implements RunningLoad {
  startedMs = 0;
  readonly died: Promise<never>;
  readonly #options: K6JobOptions;
  readonly #load: LoadOptions;
  readonly #namespace: string;
  readonly #job: LoadJob;
  /** The server under test reports its time. */
  readonly #reportsTime: boolean;
  readonly #log: RequestLog;
  readonly #pods: readonly LoadPod[];
  readonly #conditions = new Conditions();
  readonly #watching = new AbortController();
  #die: (error: Error) => void = () => {};
  #ending = false;
  #stopping: ReturnType<RunningLoad['stop']> | undefined;

  constructor(options: K6JobOptions, load: LoadOptions, target: Extract<Target, { kind: 'service' }>) {
    const { requestMix, clock, maxDurationMs } = load;
    this.#options = options;
    this.#load = load;
    setMaxListeners(0, this.#watching.signal); // two watches, and a log for each pod
    this.#namespace = target.namespace;
    this.#reportsTime = target.clockOffset !== undefined;
    const script = readFileSync(projectFile('loadtest.js'), 'utf8');
    this.#job = { ...options, ...target, requestMix, maxDurationMs, script };
    const nowMs = () => performance.timeOrigin + performance.now();
    const notBeforeMs = nowMs();
    this.#pods = Array.from(
      { length: options.pods },
      (_, index) =>
        new LoadPod({
          podOffset: target.clockOffset,
          notBeforeMs,
          nowMs,
          read: (line) => this.#log.read(line, index),
        }),
    );
    const clocks = this.#pods.map(({ lines }) => ({
      fromEpochMs: (epochMs: number) => clock.fromEpochMs(lines.toOurs(epochMs)),
    }));
    this.#log = new RequestLog({ requestMix, target, clocks });
    this.died = new Promise<never>((_, reject) => {
      this.#die = reject;
    });
    this.died.catch(() => {}); // only awaited in races; in between, a rejection must not end the program
    load.signal.addEventListener('abort', () => {
      this.#watching.abort();
      this.#die(load.signal.reason);
    });
  }

  /** Creates the Job and waits until every pod has begun. */
  async start(): Promise<void> {
    const { api, image, pods } = this.#options;
    const { signal } = this.#load;
    try {
      await api.core.createNamespacedConfigMap({ namespace: this.#namespace, body: loadConfigMap(this.#job) });
      await api.batch.createNamespacedJob({ namespace: this.#namespace, body: loadJob(this.#job) });
    } catch (error) {
      throw apiError(error, 'create the load', api);
    }
    await this.#watch();
    let startedMs: number | undefined;
    void this.#log.started.then((ms) => {
      startedMs = ms;
      this.#conditions.wake();
    });
    await this.#conditions.until(() => startedMs !== undefined, {
      signal,
      leftMs: within(START_LIMIT_MS),
      stuck: () => {
        const what = `${pods} load ${pods === 1 ? 'pod' : 'pods'} of ${image}`;
        return new EnvironmentError(`${what} did not start within ${START_LIMIT_MS / 1000} s${this.#whyNot}`);
      },
    });
    await Promise.race([delay(WARM_UP_MS, undefined, { signal }), this.died]);
    for (const pod of this.#pods) pod.droppedAtStart = await this.#droppedBy(pod);
    this.startedMs = startedMs ?? 0;
  }

  progress() {
    return this.#log.progress;
  }

  stop(): ReturnType<RunningLoad['stop']> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /**
   * As with k6 on this machine, k6 cannot stop starting requests and finish those in flight. So it continues until all
   * requests that started before now have ended; later ones are not counted.
   */
  async #stop(): ReturnType<RunningLoad['stop']> {
    const { clock } = this.#load;
    const stoppedMs = clock.nowMs();
    for (const { lines } of this.#pods) lines.release();
    await Promise.race([this.#log.stop(stoppedMs), this.died]);
    this.#ending = true;
    const dropped = await Promise.all(this.#pods.map(async (pod) => (await this.#droppedBy(pod)) - pod.droppedAtStart));
    this.#watching.abort();
    const clockBoundMs = Math.max(...this.#pods.map(({ lines }) => lines.boundMs));
    return {
      stoppedMs,
      record: {
        ...this.#log.record(
          `k6 (${this.#job.image})`,
          dropped.reduce((sum, count) => sum + count, 0),
        ),
        clockBoundMs,
      },
    };
  }

  /** Why a pod has not begun, as far as that is known. */
  get #whyNot(): string {
    const seen = this.#pods.flatMap(({ pod }) => pod ?? []);
    if (seen.length === 0) return '; no pod was created';
    const unready = seen.find((pod) => !isReady(pod));
    const why = schedulingTrouble(seen) ?? (unready && unreadiness(unready));
    if (why !== undefined) return `; ${why}`;
    const unread = this.#pods.find(({ logTrouble }) => logTrouble !== undefined);
    if (unread) return `; k6 runs, but the log of pod ${unread.name} cannot be read: ${unread.logTrouble}`;
    return `; k6 runs, but prints no request: ${this.#pods.map(({ lastOutput }) => lastOutput).join(' | ')}`;
  }

  #droppedBy({ name }: LoadPod): Promise<number> {
    return droppedIterations(this.#options.api, this.#namespace, name, this.#watching.signal);
  }

  async #watch(): Promise<void> {
    const { api } = this.#options;
    const namespace = this.#namespace;
    const core = `/api/v1/namespaces/${namespace}`;
    const { signal } = this.#watching;
    const onGap = () => {};
    const onError = (error: unknown) => this.#fail(error as Error);
    const pods = { path: `${core}/pods`, list: () => api.core.listNamespacedPod({ namespace }) };
    await watchResource<V1Pod>(api, pods, signal, {
      onChange: (pod) => this.#onPod(pod),
      onDelete: (pod) => this.#onPodGone(pod),
      onGap,
      onError,
    });
    const events = { path: `${core}/events`, list: () => api.core.listNamespacedEvent({ namespace }) };
    await watchResource<CoreV1Event>(api, events, signal, {
      onChange: (event) => {
        if (!event.involvedObject?.name?.startsWith(LOAD_NAME)) return;
        const trouble = creationTrouble(event);
        if (trouble) this.#fail(new EnvironmentError(`the load: ${trouble}`));
      },
      onDelete: () => {},
      onGap,
      onError,
    });
  }

  #fail(error: Error): void {
    this.#conditions.fail(error);
    this.#die(error);
  }

  #onPod(pod: V1Pod): void {
    const known = this.#knownPod(pod);
    if (!known) return;
    const isNew = known.pod === undefined;
    known.pod = pod;
    const trouble = podTrouble([pod]);
    if (trouble) this.#fail(new EnvironmentError(`the load: ${trouble}`));
    if (isNew) this.#follow(known);
    if (!this.#reportsTime && !known.clockAsked && isReady(pod)) {
      known.clockAsked = true;
      void this.#measureClock(known);
    }
    const over = known.endError(this.#load.maxDurationMs) !== undefined;
    if (over && !this.#ending) known.ended = true;
  }

  /** Without it, only the arrival of its output would bound k6's clock. */
  async #measureClock({ name, lines }: LoadPod): Promise<void> {
    try {
      const offset = await k6Clock(this.#options.api, this.#namespace, name, this.#watching.signal);
      if (offset) lines.learn(offset);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #onPodGone(pod: V1Pod): void {
    const known = this.#knownPod(pod);
    if (!known || this.#ending) return;
    known.ended = true;
  }

  /** The load pod that a Pod object belongs to. Once pods are deleted, the Job creates others, which are ignored. */
  #knownPod({ metadata }: V1Pod): LoadPod | undefined {
    const known = this.#pods[Number(metadata?.annotations?.[INDEX_ANNOTATION] ?? Number.NaN)];
    if (!known || !metadata?.name?.startsWith(LOAD_NAME)) return undefined;
    return known.pod === undefined || known.name === metadata.name ? known : undefined;
  }

  /** Reads a pod's output. When the pod has ended, its last lines have been read, and they show why. */
  #follow(pod: LoadPod): void {
    const { signal } = this.#watching;
    const source = {
      namespace: this.#namespace,
      pod: pod.name,
      container: LOAD_CONTAINER,
      maxSilenceMs: () => SILENCE_MS,
      onTrouble: (what: string) => {
        pod.logTrouble = what;
      },
    };
    const over = () => this.#ending || pod.ended;
    followLog(
      this.#options.api,
      source,
      (line) => {
        pod.logTrouble = undefined;
        pod.lines.take(line);
      },
      signal,
      over,
    ).then(
      () => {
        if (this.#ending || signal.aborted) return;
        pod.lines.release();
        this.#fail(pod.endError(this.#load.maxDurationMs) ?? pod.deleted());
      },
      (error: unknown) => this.#fail(error as Error),
    );
  }
}
