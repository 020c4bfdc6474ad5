/** The k6 load generator within a cluster: a Job whose pods share the load, and whose output is followed. */
import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import type { Target } from '../../clusters/cluster.ts';
import { Conditions, within } from '../../clusters/condition.ts';
import { apiError, type KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { followLog } from '../../clusters/kubernetes/follow-log.ts';
import { creationTrouble, podTrouble } from '../../clusters/kubernetes/trouble.ts';
import { watchResource } from '../../clusters/kubernetes/watches.ts';
import { EnvironmentError } from '../../errors.ts';
import { projectFile } from '../../project-file.ts';
import { type LoadGenerator, type LoadOptions, loadExpired, type RunningLoad } from '../load.ts';
import { AlignedLines } from './aligned-lines.ts';
import { INDEX_ANNOTATION, LOAD_CONTAINER, LOAD_NAME, type LoadJob, loadConfigMap, loadJob } from './job-objects.ts';
import { droppedIterations } from './k6-metrics.ts';
import { RAN_TO_ITS_END } from './k6-process.ts';
import { RequestLog } from './request-log.ts';

/** Scheduling, pulling the image and k6's own start. */
const START_LIMIT_MS = 180_000;
/** k6 starts with virtual users that have never run, and drops arrivals until they have. */
const WARM_UP_MS = 1000;
/** The load makes requests all the time, and each prints a line. */
const SILENCE_MS = 2000;
/** Lines of k6's own words kept to say why it ended. */
const LAST_WORDS = 10;

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
      if (load.target.kind !== 'service') throw new Error('a Job loads a Service of its cluster');
      const running = new RunningJob(options, load, load.target);
      await running.start();
      return running;
    },
  };
}

/** One pod of the Job. */
interface Instance {
  lines: AlignedLines;
  pod: V1Pod | undefined;
  /** Requests it could not start in its first second, before there was anything to measure. */
  droppedAtStart: number;
  lastWords: string[];
}

class RunningJob implements RunningLoad {
  startedMs = 0;
  readonly died: Promise<never>;
  readonly #options: K6JobOptions;
  readonly #load: LoadOptions;
  readonly #namespace: string;
  readonly #job: LoadJob;
  readonly #log: RequestLog;
  readonly #instances: readonly Instance[];
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
    const script = readFileSync(projectFile('loadtest.js'), 'utf8');
    this.#job = { ...options, ...target, requestMix, maxDurationMs, script };
    const nowMs = () => performance.timeOrigin + performance.now();
    const notBeforeMs = nowMs();
    this.#instances = Array.from({ length: options.pods }, (_, index) => ({
      lines: new AlignedLines({
        podOffset: (pod) => target.clockOffset(pod),
        notBeforeMs,
        nowMs,
        read: (line) => this.#read(line, index),
      }),
      pod: undefined,
      droppedAtStart: 0,
      lastWords: [],
    }));
    const clocks = this.#instances.map(({ lines }) => ({
      fromEpochMs: (epochMs: number) => clock.fromEpochMs(lines.toOurs(epochMs)),
    }));
    this.#log = new RequestLog({ requestMix, target, clocks });
    this.died = new Promise<never>((_, reject) => {
      this.#die = reject;
    });
    this.died.catch(() => {}); // awaited in races only: between them a rejection must not end the program
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
      stuck: () =>
        new EnvironmentError(
          `${pods} load ${pods === 1 ? 'pod' : 'pods'} of ${image} did not begin within ${START_LIMIT_MS / 1000} s`,
        ),
    });
    await Promise.race([delay(WARM_UP_MS, undefined, { signal }), this.died]);
    for (const instance of this.#instances) instance.droppedAtStart = await this.#droppedBy(instance);
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
   * As k6 on this machine: it cannot be told to start no more requests and finish those in flight, so it goes on until all
   * those that started before now have ended; those that started later are not counted.
   */
  async #stop(): ReturnType<RunningLoad['stop']> {
    const { clock } = this.#load;
    const stoppedMs = clock.nowMs();
    for (const { lines } of this.#instances) lines.release();
    await Promise.race([this.#log.stop(stoppedMs), this.died]);
    this.#ending = true;
    const dropped = await Promise.all(
      this.#instances.map(async (instance) => (await this.#droppedBy(instance)) - instance.droppedAtStart),
    );
    this.#watching.abort();
    const clockBoundMs = Math.max(...this.#instances.map(({ lines }) => lines.boundMs));
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

  #droppedBy({ pod }: Instance): Promise<number> {
    return droppedIterations(this.#options.api, this.#namespace, pod?.metadata?.name ?? '', this.#watching.signal);
  }

  async #watch(): Promise<void> {
    const { api } = this.#options;
    const namespace = this.#namespace;
    const core = `/api/v1/namespaces/${namespace}`;
    const { signal } = this.#watching;
    const onGap = () => {};
    const onError = (error: unknown) => fail(error as Error);
    const fail = (error: Error) => {
      this.#conditions.fail(error);
      this.#die(error);
    };
    await watchResource<V1Pod>(
      api,
      { path: `${core}/pods`, list: () => api.core.listNamespacedPod({ namespace }) },
      signal,
      {
        onChange: (pod) => this.#onPod(pod, fail),
        onDelete: () => {},
        onGap,
        onError,
      },
    );
    await watchResource<CoreV1Event>(
      api,
      { path: `${core}/events`, list: () => api.core.listNamespacedEvent({ namespace }) },
      signal,
      {
        onChange: (event) => {
          if (!event.involvedObject.name?.startsWith(LOAD_NAME)) return;
          const trouble = creationTrouble(event);
          if (trouble) fail(new EnvironmentError(trouble));
        },
        onDelete: () => {},
        onGap,
        onError,
      },
    );
  }

  #onPod(pod: V1Pod, fail: (error: Error) => void): void {
    const index = Number(pod.metadata?.annotations?.[INDEX_ANNOTATION] ?? Number.NaN);
    const instance = this.#instances[index];
    if (!instance || !pod.metadata?.name?.startsWith(LOAD_NAME)) return;
    const known = instance.pod;
    // After the pods were deleted the Job makes others, which are of no interest.
    if (known && known.metadata?.name !== pod.metadata.name) return;
    instance.pod = pod;
    const trouble = podTrouble([pod]);
    if (trouble) fail(new EnvironmentError(`the load: ${trouble}`));
    const terminated = pod.status?.containerStatuses?.[0]?.state?.terminated;
    if (terminated && !this.#ending) {
      fail(this.#endOf(instance, terminated.exitCode));
    }
    if (known) return;
    const source = {
      namespace: this.#namespace,
      pod: pod.metadata.name,
      container: LOAD_CONTAINER,
      believedSilenceMs: () => SILENCE_MS,
    };
    const { signal } = this.#watching;
    followLog(
      this.#options.api,
      source,
      (line) => instance.lines.take(line),
      signal,
      () => this.#ending,
    ).catch(fail);
  }

  /** Why it has ended, though nobody had stopped it. */
  #endOf({ lastWords }: Instance, exitCode: number): Error {
    if (RAN_TO_ITS_END.includes(exitCode)) return loadExpired(this.#load.maxDurationMs);
    const words = lastWords.join(' | ') || 'it said nothing';
    return new EnvironmentError(`k6 ended by itself (exit code ${exitCode}): ${words}`);
  }

  #read(line: string, index: number): void {
    if (this.#log.read(line, index) || line === '' || line === 'Request Failed') return;
    const { lastWords } = this.#instances[index] as Instance;
    lastWords.push(line);
    if (lastWords.length > LAST_WORDS) lastWords.shift();
  }
}
