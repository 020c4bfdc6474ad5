/** Sees what happens in a trial's namespace: pods, EndpointSlices, events and the app's own words. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CoreV1Event, V1EndpointSlice, V1Pod } from '@kubernetes/client-node';
import { EnvironmentError } from '../../errors.ts';
import { podPorts } from '../../kubernetes-rules/ports.ts';
import { matchesSelector } from '../../kubernetes-rules/selectors.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { ClusterRecord, PodRecord, PodRef, RouterView } from '../../trace/cluster-record.ts';
import type { DeployOptions } from '../cluster.ts';
import { Conditions } from '../condition.ts';
import { RolloutDeadline, type RolloutPod, rolloutLimits } from '../rollout-deadline.ts';
import type { KubernetesApi } from './api.ts';
import { podsInSlices } from './endpoint-view.ts';
import { PodClocks } from './pod-clocks.ts';
import { PodLogs } from './pod-logs.ts';
import { withDueTermination } from './pod-termination.ts';
import { isReady, newPodRecord, notePod, notePodGone, servingContainer } from './pod-timeline.ts';
import { rolloutPod } from './rollout-pods.ts';
import { creationTrouble, podTrouble, schedulingTrouble, unreadiness } from './trouble.ts';
import { watchResource } from './watches.ts';
import { isOfController } from './workload-events.ts';

/** The name of the one view there is: no router can be looked into. */
const VIEW = 'EndpointSlice';

export interface ObserverOptions {
  api: KubernetesApi;
  namespace: string;
  manifests: Manifests;
  clock: TrialClock;
  /**
   * Whether the app's own log and clock are asked, as can be done with this project's. Of another app's life only that is
   * known which the cluster tells.
   */
  asksApp: boolean;
  /** Ends everything. */
  signal: AbortSignal;
  onEvent?: DeployOptions['onEvent'];
}

export class Observer {
  readonly clocks: PodClocks;
  readonly #options: ObserverOptions;
  readonly #logs: PodLogs;
  readonly #conditions = new Conditions();
  /** Those there are, by uid: a StatefulSet's have their predecessors' names. */
  readonly #pods = new Map<string, V1Pod>();
  readonly #slices = new Map<string, V1EndpointSlice>();
  /** Those there are and those there were. */
  readonly #records = new Map<string, PodRecord>();
  readonly #views: RouterView[] = [];
  readonly #events: ClusterRecord['events'] = [];
  #old: ReadonlySet<string> | undefined;
  /** The present state has been told: what comes now happens during the trial. */
  #watching = false;

  constructor(options: ObserverOptions) {
    this.#options = options;
    this.clocks = new PodClocks(options.api);
    this.#logs = new PodLogs(options.api, options.namespace, options.signal);
  }

  async start(): Promise<void> {
    const { api, namespace, manifests, signal } = this.#options;
    const onGap = (error: unknown) =>
      this.#event('WatchInterrupted', undefined, error instanceof Error ? error.message : String(error));
    const onError = (error: unknown) => this.#conditions.fail(error as Error);
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

  /** The pods that are there now are the old ones. */
  beginRollout(): void {
    this.#old = new Set(this.#pods.keys());
  }

  /** So many pods are ready, no other is there, and the EndpointSlices have exactly those. */
  serving(replicas: number): boolean {
    const ready = [...this.#pods].filter(([, pod]) => isReady(pod) && !pod.metadata?.deletionTimestamp);
    const wanted = ready.map(([uid]) => uid).sort();
    const view = this.#views.at(-1)?.pods ?? [];
    return wanted.length === replicas && this.#pods.size === replicas && String(view) === String(wanted);
  }

  /** Every old pod is gone, and the new ones serve. */
  rolledOut(replicas: number): boolean {
    return ![...this.#pods.keys()].some((uid) => this.#old?.has(uid)) && this.serving(replicas);
  }

  /** Some old pods are gone, whoever else is there. */
  get replacedSome(): boolean {
    return [...(this.#old ?? [])].some((uid) => !this.#pods.has(uid));
  }

  /** Some old pods are gone or going. */
  get replacing(): boolean {
    return [...(this.#old ?? [])].some((uid) => this.#records.get(uid)?.deletionMs !== undefined);
  }

  /** Something that a wait depends on has changed elsewhere. */
  wake(): void {
    this.#conditions.wake();
  }

  /** Ends every wait with this error. */
  fail(error: Error): void {
    this.#conditions.fail(error);
  }

  until(what: string, signal: AbortSignal, condition: () => boolean): Promise<void> {
    const { clock, manifests } = this.#options;
    const deadline = new RolloutDeadline(rolloutLimits(manifests.workload));
    const due = () => deadline.look(this.#rolloutPods(), clock.nowMs());
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
    const { asksApp, manifests } = this.#options;
    const { containers, terminationGracePeriodSeconds } = manifests.workload.spec.template.spec;
    const ending = { containers, gracePeriodMs: terminationGracePeriodSeconds * 1000, events: this.#events };
    const pods = [...this.#records.values()].map((record) =>
      asksApp
        ? this.#logs.complete(record, (ms) => this.#fromPod(record.name, ms))
        : withDueTermination(record, ending),
    );
    const { runtimeVersion } = this.#logs;
    const { boundMs } = this.clocks;
    return {
      pods,
      routerViews: this.#views,
      events: this.#events,
      pid1: true,
      ...(asksApp ? {} : { listenersSeen: false }),
      ...(runtimeVersion === undefined ? {} : { runtimeVersion }),
      ...(boundMs === undefined ? {} : { clockBoundMs: boundMs }),
    };
  }

  #onPod(pod: V1Pod): void {
    const { clock, signal, asksApp } = this.#options;
    if (!this.#isOurs(pod)) return;
    const { name = '', uid = name } = pod.metadata ?? {};
    // What was evicted or has failed stays in the namespace as an object, and is no pod of the workload any more.
    if (!this.#records.has(uid) && ['Failed', 'Succeeded'].includes(pod.status?.phase ?? '')) return;
    const nowMs = clock.nowMs();
    this.#pods.set(uid, pod);
    const generation = this.#old && !this.#old.has(uid) ? 'new' : 'old';
    const record = this.#records.get(uid) ?? newPodRecord(pod, generation, nowMs, this.#servedBy);
    this.#records.set(uid, record);
    const before = { ...record, started: hasStarted(record) };
    notePod(record, pod, nowMs, (ms) => this.#fromPod(name, ms));
    if (hasStarted(record) && !before.started) {
      this.#event('Started', record, 'container started');
      const terminating = () => record.deletionMs !== undefined;
      const ended = () => servingContainer(record)?.runs.at(-1)?.exitCode !== undefined;
      if (asksApp) this.#inBackground(this.#logs.follow(pod, terminating, ended));
    }
    if (record.readyMs !== before.readyMs) {
      this.#event('Ready', record, 'ready');
      if (asksApp) this.#inBackground(this.clocks.measure(pod, signal));
    }
    if (record.deletionMs !== before.deletionMs) this.#event('Killing', record, 'deletion asked for');
    if (record.notReadyMs !== before.notReadyMs) this.#event('NotReady', record, 'no longer ready');
    const trouble = podTrouble([pod]);
    if (trouble && this.#old === undefined) this.#conditions.fail(this.#trouble(trouble, this.#logs.lastLine(name)));
    this.#conditions.wake();
  }

  #onPodGone(pod: V1Pod): void {
    const { name = '', uid = name } = pod.metadata ?? {};
    const record = this.#records.get(uid);
    if (!record) return;
    const nowMs = this.#options.clock.nowMs();
    notePod(record, pod, nowMs, (ms) => this.#fromPod(name, ms));
    notePodGone(record, nowMs);
    this.#pods.delete(uid);
    this.#conditions.wake();
  }

  #onSlice(slice: V1EndpointSlice, gone = false): void {
    const name = slice.metadata?.name ?? '';
    if (slice.metadata?.labels?.['kubernetes.io/service-name'] !== this.#options.manifests.service.metadata.name)
      return;
    if (gone) this.#slices.delete(name);
    else this.#slices.set(name, slice);
    const pods = podsInSlices([...this.#slices.values()]);
    if (String(pods) !== String(this.#views.at(-1)?.pods)) {
      this.#views.push({ router: VIEW, atMs: this.#options.clock.nowMs(), pods });
    }
    this.#conditions.wake();
  }

  #onEvent(event: CoreV1Event): void {
    // Kubernetes keeps events for an hour: those in the first list are from before the trial.
    if (!this.#watching || event.type !== 'Warning') return;
    const { kind, name = '', uid, fieldPath } = event.involvedObject;
    const ofController = isOfController(event, this.#options.manifests.workload.metadata.name);
    const isOurPod = kind === 'Pod' && this.#records.has(uid ?? '');
    const trouble = ofController ? creationTrouble(event) : undefined;
    if (trouble) this.#conditions.fail(this.#trouble(trouble));
    const where = fieldPath ? ` (${fieldPath})` : '';
    const about = { uid: uid ?? name, name };
    if (ofController || isOurPod) this.#event(event.reason ?? 'Warning', about, `${event.message ?? ''}${where}`);
  }

  #isOurs(pod: V1Pod): boolean {
    return matchesSelector(this.#options.manifests.workload.spec.selector, pod.metadata?.labels ?? {});
  }

  /** The name of the container that the Service sends to. */
  get #servedBy(): string {
    const { workload, service } = this.#options.manifests;
    return podPorts(workload.spec.template.spec.containers, service).servedBy;
  }

  /** A time of a pod's clock (epoch ms) on the trial's. */
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
    const words = lastLine ? `; its last line: ${lastLine}` : '';
    return new EnvironmentError(`${this.#options.manifests.source}: ${what}${words}`);
  }

  #rolloutPods(): RolloutPod[] {
    const { clock, manifests } = this.#options;
    return [...this.#pods].flatMap(([uid, pod]) => {
      const record = this.#records.get(uid);
      return record ? [rolloutPod(pod, record, manifests.workload, !this.#old?.has(uid), clock.nowMs())] : [];
    });
  }

  async #stuck(what: string, overdue: string): Promise<EnvironmentError> {
    const pods = [...this.#pods.values()];
    const unready = pods.find((pod) => !isReady(pod) && !pod.metadata?.deletionTimestamp);
    const why = schedulingTrouble(pods) ?? (unready ? unreadiness(unready) : undefined);
    const lastLine = unready && (await this.#logs.askLastLine(unready));
    return this.#trouble(`the pods did not ${what}: ${overdue}${why === undefined ? '' : `; ${why}`}`, lastLine);
  }
}

function hasStarted(record: PodRecord): boolean {
  return (servingContainer(record)?.runs.length ?? 0) > 0;
}
