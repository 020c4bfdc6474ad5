/** Observes a trial's namespace: pods, EndpointSlices, events and the app's lifecycle log. */

import type { CoreV1Event, V1EndpointSlice, V1Pod } from '@kubernetes/client-node';
import { EnvironmentError } from '../../errors.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import { delay } from '../../timers.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { ClusterRecord, PodRef } from '../../trace/cluster-record.ts';
import type { DeployOptions } from '../cluster.ts';
import { Conditions } from '../condition.ts';
import { RolloutDeadline, rolloutLimits } from '../rollout-deadline.ts';
import { unreadable } from './answer.ts';
import type { KubernetesApi } from './api.ts';
import { PodClocks } from './pod-clocks.ts';
import { PodLogs } from './pod-logs.ts';
import { withDeletionBeforeSignal, withDueTermination } from './pod-termination.ts';
import { isReady, servingContainer } from './pod-timeline.ts';
import { creationTrouble, failureOf, podTrouble, schedulingTrouble, unreadiness } from './trouble.ts';
import { watchResource } from './watches.ts';
import { isOfController } from './workload-events.ts';
import { type ViewedRouter, WorkloadPods } from './workload-pods.ts';

export interface ObserverOptions {
  api: KubernetesApi;
  namespace: string;
  manifests: Manifests;
  clock: TrialClock;
  /**
   * Whether to read the app's lifecycle log and clock. Only this project's app has them; for other apps only what the
   * cluster reports is known.
   */
  readsAppLog: boolean;
  /** The router whose view is recorded; by default, what kube-proxy makes of the EndpointSlices. */
  viewed?: ViewedRouter | undefined;
  /** Aborting it ends everything. */
  signal: AbortSignal;
  onEvent?: DeployOptions['onEvent'];
}

export class Observer {
  readonly clocks: PodClocks;
  readonly #options: ObserverOptions;
  readonly #logs: PodLogs;
  readonly #conditions = new Conditions();
  readonly #pods: WorkloadPods;
  readonly #events: ClusterRecord['events'] = [];
  /** The initial state has been reported; events from now on belong to the trial. */
  #watching = false;

  constructor(options: ObserverOptions) {
    this.#options = options;
    this.clocks = new PodClocks(options.api);
    this.#logs = new PodLogs(options.api, options.namespace, options.signal);
    this.#pods = new WorkloadPods(options.manifests, (name, epochMs) => this.#fromPod(name, epochMs), options.viewed);
  }

  async start(): Promise<void> {
    const { api, namespace, manifests, signal } = this.#options;
    const onGap = (reason: string) => this.#event('WatchInterrupted', undefined, reason);
    // Objects from a watch are not validated, so an error in a handler may be caused by a malformed object.
    const onError = (error: unknown) => this.#conditions.fail(unreadable(error));
    const core = `/api/v1/namespaces/${namespace}`;
    const labelSelector = `kubernetes.io/service-name=${manifests.service.metadata.name}`;
    await Promise.all([
      watchResource<V1Pod>(
        api,
        { path: `${core}/pods`, list: () => api.core.listNamespacedPod({ namespace }) },
        signal,
        {
          onChange: (pod) => this.#onPod(pod),
          onDelete: (pod) => this.#onPodGone(pod),
          onGap,
          onError,
        },
      ),
      watchResource<V1EndpointSlice>(
        api,
        {
          path: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
          labelSelector,
          list: () => api.discovery.listNamespacedEndpointSlice({ namespace, labelSelector }),
        },
        signal,
        {
          onChange: (slice) => this.#onSlice(slice),
          onDelete: (slice) => this.#onSlice(slice, true),
          onGap,
          onError,
        },
      ),
      watchResource<CoreV1Event>(
        api,
        { path: `${core}/events`, list: () => api.core.listNamespacedEvent({ namespace }) },
        signal,
        {
          onChange: (event) => this.#onEvent(event),
          onDelete: () => {},
          onGap,
          onError,
        },
      ),
    ]);
    this.#watching = true;
  }

  /** Call before the rollout: the pods that exist now are the old ones. */
  beginRollout(): void {
    this.#pods.beginRollout();
  }

  /** What waits and disruptions need to know of the pods; see `WorkloadPods`. */
  get pods(): Pick<
    WorkloadPods,
    'serving' | 'gone' | 'replacedSome' | 'replacing' | 'present' | 'servingRuns' | 'servedBy' | 'podAt'
  > {
    return this.#pods;
  }

  nowMs(): number {
    return this.#options.clock.nowMs();
  }

  /** Records that the API server refused to evict a pod. */
  noteRefusal({ metadata }: V1Pod, message: string): void {
    const { name = '', uid = name } = metadata ?? {};
    this.#event('EvictionRefused', { uid, name }, message);
  }

  /** Call when something else that a wait depends on has changed. */
  wake(): void {
    this.#conditions.wake();
  }

  /** Ends every wait with this error. */
  fail(error: Error): void {
    this.#conditions.fail(error);
  }

  /** @param replicas how many pods are wanted */
  until(what: string, replicas: number, signal: AbortSignal, condition: () => boolean): Promise<void> {
    const { clock, manifests } = this.#options;
    const deadline = new RolloutDeadline({ ...rolloutLimits(manifests.workload, replicas), replicas });
    const due = () => deadline.update(this.#pods.forDeadline(clock.nowMs()), clock.nowMs());
    return this.#conditions.until(condition, {
      signal,
      leftMs: () => due().leftMs,
      stuck: () => this.#stuck(what, due().overdue),
    });
  }

  async pause(ms: number, signal: AbortSignal): Promise<void> {
    await delay(ms, undefined, { signal }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error;
    });
  }

  record(): ClusterRecord {
    const { readsAppLog, manifests } = this.#options;
    const { containers, terminationGracePeriodSeconds } = manifests.workload.spec.template.spec;
    const ending = { containers, gracePeriodMs: terminationGracePeriodSeconds * 1000, events: this.#events };
    const pods = this.#pods.records.map((record) =>
      readsAppLog
        ? withDeletionBeforeSignal(this.#logs.complete(record, (ms) => this.#fromPod(record.name, ms)))
        : withDueTermination(record, ending),
    );
    const { runtimeVersion } = this.#logs;
    const { boundMs } = this.clocks;
    return {
      pods,
      routerViews: this.#pods.views,
      events: this.#events,
      pid1: true,
      ...(readsAppLog ? {} : { listenersSeen: false }),
      ...(runtimeVersion === undefined ? {} : { runtimeVersion }),
      ...(boundMs === undefined ? {} : { clockBoundMs: boundMs }),
    };
  }

  #onPod(pod: V1Pod): void {
    const { clock, signal, readsAppLog } = this.#options;
    const noted = this.#pods.note(pod, clock.nowMs());
    if (!noted) return;
    const { record } = noted;
    if (noted.started) {
      this.#event('Started', record, 'container started');
      const terminating = () => record.deletionMs !== undefined;
      const ended = () => record.goneMs !== undefined || servingContainer(record)?.runs.at(-1)?.exitCode !== undefined;
      if (readsAppLog) this.#inBackground(this.#logs.follow(pod, terminating, ended));
    }
    if (noted.ready) {
      this.#event('Ready', record, 'ready');
      if (readsAppLog) this.#inBackground(this.clocks.measure(pod, signal));
    }
    if (noted.deletion) this.#event('Killing', record, 'deletion requested');
    if (noted.notReady) this.#event('NotReady', record, 'no longer ready');
    if (noted.ended) this.#event(pod.status?.reason ?? 'Failed', record, failureOf(pod));
    const trouble = podTrouble([pod]);
    if (trouble && !this.#pods.rolloutBegun) {
      this.#conditions.fail(this.#trouble(trouble, this.#logs.lastLine(record.name)));
    }
    this.#conditions.wake();
  }

  #onPodGone(pod: V1Pod): void {
    this.#pods.noteGone(pod, this.#options.clock.nowMs());
    this.#conditions.wake();
  }

  #onSlice(slice: V1EndpointSlice, gone = false): void {
    this.#pods.noteSlice(slice, this.#options.clock.nowMs(), gone);
    this.#conditions.wake();
  }

  #onEvent(event: CoreV1Event): void {
    // Kubernetes keeps events for an hour; those in the initial list happened before the trial.
    if (!this.#watching || event.type !== 'Warning') return;
    const { kind, name = '', uid, fieldPath } = event.involvedObject ?? {};
    const ofController = isOfController(event, this.#options.manifests.workload);
    const isOurPod = kind === 'Pod' && this.#pods.has(uid ?? '');
    const trouble = ofController ? creationTrouble(event) : undefined;
    if (trouble) this.#conditions.fail(this.#trouble(trouble));
    const where = fieldPath ? ` (${fieldPath})` : '';
    const about = { uid: uid ?? name, name };
    if (ofController || isOurPod) this.#event(event.reason ?? 'Warning', about, `${event.message ?? ''}${where}`);
  }

  /** Converts a time of a pod's clock (epoch ms) to the trial's clock. */
  #fromPod(name: string, epochMs: number): number {
    return this.#options.clock.fromEpochMs(epochMs - (this.clocks.of(name)?.offsetMs ?? 0));
  }

  #event(type: string, pod: PodRef | undefined, message: string): void {
    const ref = pod && { pod: { uid: pod.uid, name: pod.name } };
    const event = { atMs: this.#options.clock.nowMs(), type, ...ref, message };
    this.#events.push(event);
    this.#options.onEvent?.(event);
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#options.signal.aborted) this.#conditions.fail(error as Error);
    });
  }

  #trouble(what: string, lastLine?: string): EnvironmentError {
    const suffix = lastLine ? `; its last line: ${lastLine}` : '';
    return new EnvironmentError(`${this.#options.manifests.source}: ${what}${suffix}`);
  }

  async #stuck(what: string, overdue: string): Promise<EnvironmentError> {
    const pods = this.#pods.present;
    const unready = pods.find((pod) => !isReady(pod) && !pod.metadata?.deletionTimestamp);
    const why = schedulingTrouble(pods) ?? (unready ? unreadiness(unready) : undefined);
    const lastLine = unready && this.#options.readsAppLog ? await this.#logs.fetchLastLine(unready) : undefined;
    return this.#trouble(`the pods did not ${what}: ${overdue}${why === undefined ? '' : `; ${why}`}`, lastLine);
  }
}
