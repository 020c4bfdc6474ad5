/** The pods of a workload as the watches report them: present and past ones, and those in its EndpointSlices. */
import type { V1EndpointSlice, V1Pod } from '@kubernetes/client-node';
import { podPorts } from '../../kubernetes-rules/ports.ts';
import { matchesSelector } from '../../kubernetes-rules/selectors.ts';
import { type EndpointConditions, usableEndpoints } from '../../kubernetes-rules/usable-endpoints.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import type { PodRecord, PodRef, RouterView } from '../../trace/cluster-record.ts';
import type { RolloutPod } from '../rollout-deadline.ts';
import { podsInSlices } from './endpoint-view.ts';
import { isReady, newPodRecord, notePod, notePodEnded, notePodGone, servingContainer } from './pod-timeline.ts';
import { rolloutPod } from './rollout-pods.ts';

/** A router whose view is recorded, as it follows from the EndpointSlices: the routers themselves cannot be observed. */
export interface ViewedRouter {
  router: string;
  /** The endpoints that it uses. */
  choose<T extends EndpointConditions>(endpoints: readonly T[]): readonly T[];
}

/** What every kube-proxy learns, sooner or later. */
const SLICES: ViewedRouter = { router: 'EndpointSlice', choose: usableEndpoints };

/** A pod that has changed, and which of its milestones are new. */
export interface NotedPod {
  record: PodRecord;
  started: boolean;
  ready: boolean;
  deletion: boolean;
  notReady: boolean;
  /** It has failed or was evicted, but the object remains. */
  ended: boolean;
}

export class WorkloadPods {
  readonly views: RouterView[] = [];
  readonly #manifests: Manifests;
  readonly #fromPodMs: (name: string, epochMs: number) => number;
  readonly #viewed: ViewedRouter;
  /** The pods that have or had an address, in the order in which they got it. */
  readonly #podsAt = new Map<string, PodRecord[]>();
  /** The present pods by uid, because a StatefulSet's pods reuse the names of their predecessors. */
  readonly #pods = new Map<string, V1Pod>();
  readonly #slices = new Map<string, V1EndpointSlice>();
  /** Present and past pods, by uid. */
  readonly #records = new Map<string, PodRecord>();
  #old: ReadonlySet<string> | undefined;

  /** @param fromPodMs converts a time of that pod's clock (epoch ms) to the trial's clock */
  constructor(manifests: Manifests, fromPodMs: (name: string, epochMs: number) => number, viewed = SLICES) {
    this.#manifests = manifests;
    this.#viewed = viewed;
    this.#fromPodMs = fromPodMs;
  }

  /** Call before the disruption: the pods that exist now are the old ones, and those gone are forgotten. */
  beginRollout(): void {
    this.#old = new Set(this.#pods.keys());
    for (const [uid, record] of this.#records) {
      if (this.#old.has(uid)) record.generation = 'old';
      else this.#records.delete(uid);
    }
  }

  get rolloutBegun(): boolean {
    return this.#old !== undefined;
  }

  /** Records the current state of a pod; undefined if it does not belong to the workload. */
  note(pod: V1Pod, nowMs: number): NotedPod | undefined {
    if (!this.#isOurs(pod)) return undefined;
    const { name = '', uid = name } = pod.metadata ?? {};
    const known = this.#records.get(uid);
    const ended = ['Failed', 'Succeeded'].includes(pod.status?.phase ?? '');
    // An evicted or failed pod stays in the namespace as an object, but no longer belongs to the workload.
    if (!known && ended) return undefined;
    const generation = this.#old && !this.#old.has(uid) ? 'new' : 'old';
    const record = known ?? newPodRecord(pod, generation, nowMs, this.servedBy);
    this.#records.set(uid, record);
    const before = { ...record, started: hasStarted(record) };
    notePod(record, pod, nowMs, (ms) => this.#fromPodMs(name, ms));
    // A terminating pod reaches this phase too, but is gone only when its object is.
    if (ended && !pod.metadata?.deletionTimestamp) notePodEnded(record, nowMs);
    if (record.goneMs === undefined) this.#pods.set(uid, pod);
    else this.#pods.delete(uid);
    this.#noteAddresses(record, pod);
    return {
      record,
      started: hasStarted(record) && !before.started,
      ready: record.readyMs !== before.readyMs,
      deletion: record.deletionMs !== before.deletionMs,
      notReady: record.notReadyMs !== before.notReadyMs,
      ended: record.goneMs !== before.goneMs,
    };
  }

  noteGone(pod: V1Pod, nowMs: number): void {
    const { name = '', uid = name } = pod.metadata ?? {};
    const record = this.#records.get(uid);
    if (!record) return;
    notePod(record, pod, nowMs, (ms) => this.#fromPodMs(name, ms));
    notePodGone(record, nowMs);
    this.#pods.delete(uid);
  }

  noteSlice(slice: V1EndpointSlice, nowMs: number, gone = false): void {
    const name = slice.metadata?.name ?? '';
    if (slice.metadata?.labels?.['kubernetes.io/service-name'] !== this.#manifests.service.metadata.name) return;
    if (gone) this.#slices.delete(name);
    else this.#slices.set(name, slice);
    const { router, choose } = this.#viewed;
    const pods = podsInSlices([...this.#slices.values()], choose);
    if (String(pods) !== String(this.views.at(-1)?.pods)) this.views.push({ router, atMs: nowMs, pods });
  }

  /** The pod with that IP address at that time. Addresses are used again once their pod is gone. */
  podAt(address: string, atMs: number): PodRef | undefined {
    const record = this.#podsAt.get(address)?.findLast(({ createdMs }) => createdMs <= atMs);
    return record && { uid: record.uid, name: record.name };
  }

  #noteAddresses(record: PodRecord, { status }: V1Pod): void {
    for (const { ip } of status?.podIPs ?? []) {
      const pods = this.#podsAt.get(ip) ?? [];
      if (!pods.includes(record)) this.#podsAt.set(ip, [...pods, record]);
    }
  }

  /** Whether the pod belongs or belonged to the workload. */
  has(uid: string): boolean {
    return this.#records.has(uid);
  }

  get present(): V1Pod[] {
    return [...this.#pods.values()];
  }

  get records(): PodRecord[] {
    return [...this.#records.values()];
  }

  /** Whether exactly that many pods exist, all are ready, and the EndpointSlices contain exactly these pods. */
  serving(replicas: number): boolean {
    const ready = [...this.#pods].filter(([, pod]) => isReady(pod) && !pod.metadata?.deletionTimestamp);
    const wanted = ready.map(([uid]) => uid).sort();
    const view = this.views.at(-1)?.pods ?? [];
    return wanted.length === replicas && this.#pods.size === replicas && String(view) === String(wanted);
  }

  /** Whether none of these pods (uids) exists any more. */
  gone(uids: readonly string[]): boolean {
    return !uids.some((uid) => this.#pods.has(uid));
  }

  /** How often the serving container of that pod (uid) has started. */
  servingRuns(uid: string): number {
    const record = this.#records.get(uid);
    return (record && servingContainer(record)?.runs.length) ?? 0;
  }

  /** Whether at least one old pod is gone. */
  get replacedSome(): boolean {
    return [...(this.#old ?? [])].some((uid) => !this.#pods.has(uid));
  }

  /** Whether at least one old pod is gone or terminating. */
  get replacing(): boolean {
    return this.replacedSome || [...(this.#old ?? [])].some((uid) => this.#records.get(uid)?.deletionMs !== undefined);
  }

  /** The present pods, as the rollout's deadline counts them. */
  forDeadline(nowMs: number): RolloutPod[] {
    return [...this.#pods].flatMap(([uid, pod]) => {
      const record = this.#records.get(uid);
      return record ? [rolloutPod(pod, record, this.#manifests.workload, !this.#old?.has(uid), nowMs)] : [];
    });
  }

  #isOurs(pod: V1Pod): boolean {
    return matchesSelector(this.#manifests.workload.spec.selector, pod.metadata?.labels ?? {});
  }

  /** The name of the container that the Service sends traffic to. */
  get servedBy(): string {
    const { workload, service } = this.#manifests;
    return podPorts(workload.spec.template.spec, service).servedBy;
  }
}

function hasStarted(record: PodRecord): boolean {
  return (servingContainer(record)?.runs.length ?? 0) > 0;
}
