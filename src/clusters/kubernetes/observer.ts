/** Sees what happens in a trial's namespace: pods, EndpointSlices, events and the app's own words. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CoreV1Event, V1EndpointSlice, V1Pod } from '@kubernetes/client-node';
import { EnvironmentError } from '../../errors.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { ClusterRecord, PodRecord, RouterView } from '../../trace/trace.ts';
import type { DeployOptions } from '../cluster.ts';
import { Conditions } from '../condition.ts';
import { RolloutDeadline, type RolloutPod } from '../rollout-deadline.ts';
import type { KubernetesApi } from './api.ts';
import { podsInSlices } from './endpoint-view.ts';
import { PodClocks } from './pod-clocks.ts';
import { PodLogs } from './pod-logs.ts';
import { isReady, newPodRecord, notePod, withDueSigterm } from './pod-timeline.ts';
import { rolloutLimits, rolloutPod } from './rollout-pods.ts';
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
  /** What pods are called here, by uid: a StatefulSet's have their predecessors' names. */
  readonly #names = new Map<string, string>();
  /** Those there are, by the names they have here. */
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
    const onGap = (error: unknown) => this.#event('WatchInterrupted', undefined, String(error));
    const core = `/api/v1/namespaces/${namespace}`;
    const labelSelector = `kubernetes.io/service-name=${manifests.service.metadata.name}`;
    await Promise.all([
      watchResource<V1Pod>(api, `${core}/pods`, () => api.core.listNamespacedPod({ namespace }), signal, {
        onChange: (pod) => this.#guard(() => this.#onPod(pod)),
        onDelete: (pod) => this.#guard(() => this.#onPodGone(pod)),
        onGap,
      }),
      watchResource<V1EndpointSlice>(
        api,
        `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
        () => api.discovery.listNamespacedEndpointSlice({ namespace, labelSelector }),
        signal,
        {
          onChange: (slice) => this.#guard(() => this.#onSlice(slice)),
          onDelete: (slice) => this.#guard(() => this.#onSlice(slice, true)),
          onGap,
        },
      ),
      watchResource<CoreV1Event>(api, `${core}/events`, () => api.core.listNamespacedEvent({ namespace }), signal, {
        onChange: (event) => this.#guard(() => this.#onEvent(event)),
        onDelete: () => {},
        onGap,
      }),
    ]);
    this.#watching = true;
  }

  /** The pods that are there now are the old ones. */
  beginRollout(): void {
    this.#old = new Set(this.#pods.keys());
  }

  /** So many pods are ready, no other is there, and the EndpointSlices have exactly those. */
  serving(replicas: number): boolean {
    const names = [...this.#pods].filter(([, pod]) => isReady(pod) && !pod.metadata?.deletionTimestamp);
    const wanted = names.map(([name]) => name).sort();
    const view = this.#views.at(-1)?.pods ?? [];
    return wanted.length === replicas && this.#pods.size === replicas && String(view) === String(wanted);
  }

  /** Every old pod is gone, and the new ones serve. */
  rolledOut(replicas: number): boolean {
    return ![...this.#pods.keys()].some((name) => this.#old?.has(name)) && this.serving(replicas);
  }

  /** Some old pods are gone, whoever else is there. */
  get replacedSome(): boolean {
    return [...(this.#old ?? [])].some((name) => !this.#pods.has(name));
  }

  /** Some old pods are gone or going. */
  get replacing(): boolean {
    return [...(this.#old ?? [])].some((name) => this.#records.get(name)?.deletionMs !== undefined);
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
    const deadline = new RolloutDeadline(rolloutLimits(manifests.deployment.spec, this.#pods.values()));
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
    const { preStop } = manifests.deployment.spec.template.spec.containers[0]?.lifecycle ?? {};
    const pods = [...this.#records.values()].map((record) =>
      asksApp ? this.#logs.complete(record, (ms) => this.#fromPod(record.name, ms)) : withDueSigterm(record, preStop),
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
    const name = this.#nameOf(pod.metadata?.uid, pod.metadata?.name ?? '');
    // What was evicted or has failed stays in the namespace as an object, and is no pod of the workload any more.
    if (!this.#records.has(name) && ['Failed', 'Succeeded'].includes(pod.status?.phase ?? '')) return;
    const nowMs = clock.nowMs();
    this.#pods.set(name, pod);
    const generation = this.#old && !this.#old.has(name) ? 'new' : 'old';
    const record = this.#records.get(name) ?? newPodRecord(name, pod, generation, nowMs);
    this.#records.set(name, record);
    const before = { ...record };
    notePod(record, pod, nowMs, (ms) => this.#fromPod(name, ms));
    if (record.startedMs !== before.startedMs) {
      this.#event('Started', name, 'container started');
      const terminating = () => record.deletionMs !== undefined;
      if (asksApp) this.#inBackground(this.#logs.follow(pod, terminating, () => record.exitCode !== undefined));
    }
    if (record.readyMs !== before.readyMs) {
      this.#event('Ready', name, 'ready');
      if (asksApp) this.#inBackground(this.clocks.measure(pod, signal));
    }
    if (record.deletionMs !== before.deletionMs) this.#event('Killing', name, 'deletion asked for');
    if (record.notReadyMs !== before.notReadyMs) this.#event('NotReady', name, 'no longer ready');
    const trouble = podTrouble([pod]);
    if (trouble && this.#old === undefined) this.#conditions.fail(this.#trouble(trouble, this.#logs.lastLine(name)));
    this.#conditions.wake();
  }

  #onPodGone(pod: V1Pod): void {
    const name = this.#nameOf(pod.metadata?.uid, pod.metadata?.name ?? '');
    const record = this.#records.get(name);
    if (!record) return;
    const nowMs = this.#options.clock.nowMs();
    notePod(record, pod, nowMs, (ms) => this.#fromPod(name, ms));
    record.exitMs ??= nowMs; // it is gone, though nobody told how
    this.#pods.delete(name);
    this.#conditions.wake();
  }

  #onSlice(slice: V1EndpointSlice, gone = false): void {
    const name = slice.metadata?.name ?? '';
    if (slice.metadata?.labels?.['kubernetes.io/service-name'] !== this.#options.manifests.service.metadata.name)
      return;
    if (gone) this.#slices.delete(name);
    else this.#slices.set(name, slice);
    const pods = podsInSlices([...this.#slices.values()], (uid, name) => this.#nameOf(uid, name));
    if (String(pods) !== String(this.#views.at(-1)?.pods)) {
      this.#views.push({ router: VIEW, atMs: this.#options.clock.nowMs(), pods });
    }
    this.#conditions.wake();
  }

  #onEvent(event: CoreV1Event): void {
    // Events outlive what they tell of by an hour: those that the first list has are of before the trial.
    if (!this.#watching || event.type !== 'Warning') return;
    const { kind, name, uid } = event.involvedObject;
    const ofController = isOfController(event, this.#options.manifests.deployment.metadata.name);
    const pod = kind === 'Pod' ? this.#names.get(uid ?? '') : undefined;
    const trouble = ofController ? creationTrouble(event) : undefined;
    if (trouble) this.#conditions.fail(this.#trouble(trouble));
    if (ofController || pod !== undefined) this.#event(event.reason ?? 'Warning', pod ?? name, event.message ?? '');
  }

  #nameOf(uid: string | undefined, name: string): string {
    const known = this.#names.get(uid ?? name);
    if (known !== undefined) return known;
    const taken = new Set(this.#names.values());
    let free = name;
    for (let life = 2; taken.has(free); life++) free = `${name} (${life})`;
    this.#names.set(uid ?? name, free);
    return free;
  }

  #isOurs(pod: V1Pod): boolean {
    const wanted = Object.entries(this.#options.manifests.deployment.spec.selector.matchLabels ?? {});
    return wanted.every(([key, value]) => pod.metadata?.labels?.[key] === value);
  }

  /** A time of a pod's clock (epoch ms) on the trial's. */
  #fromPod(name: string, epochMs: number): number {
    return this.#options.clock.fromEpochMs(epochMs - (this.clocks.of(name)?.offsetMs ?? 0));
  }

  #event(type: string, pod: string | undefined, message: string): void {
    const event = { atMs: this.#options.clock.nowMs(), type, ...(pod === undefined ? {} : { pod }), message };
    this.#events.push(event);
    this.#options.onEvent?.(event);
  }

  /** An error in a handler must end the trial, not vanish in the client library, which would go on. */
  #guard(handle: () => void): void {
    try {
      handle();
    } catch (error) {
      this.#conditions.fail(error as Error);
    }
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
    const { spec } = manifests.deployment;
    return [...this.#pods].flatMap(([name, pod]) => {
      const record = this.#records.get(name);
      return record ? [rolloutPod(pod, record, spec, !this.#old?.has(name), clock.nowMs())] : [];
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
