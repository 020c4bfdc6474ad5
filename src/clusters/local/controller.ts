/** The workload's controller and the scheduler: creates and deletes pods until all of them are as wanted. */
import type { Workload } from '../../kubernetes-rules/objects.ts';
import { effectiveStrategy } from '../../kubernetes-rules/rounding.ts';
import { after, type Timer } from '../../timers.ts';
import type { PodRecord } from '../../trace/cluster-record.ts';
import type { RolloutPod } from '../rollout-deadline.ts';
import { type NewPod, type Planner, planner, type SeenPods } from './controller-plan.ts';
import type { Pod } from './pod.ts';

/** A pod that the controller creates. */
export interface PodToCreate {
  generation: PodRecord['generation'];
  node: string;
  /** The end of its name; undefined if any will do. */
  suffix: string | undefined;
  /** Made from a template whose pods never become ready. */
  neverReady: boolean;
}

/** What the controller needs from the cluster. */
export interface ControllerHost {
  createPod(pod: PodToCreate): Pod;
  nowMs(): number;
  /** When the clock was at 0: epoch ms. */
  startedAtEpochMs: number;
  /** The delay from a change to the controller's reaction, in ms. */
  stepDelayMs(): number;
  /** A number that decides as the random uid of a pod does on a cluster. */
  uidOf(pod: Pod): number;
  /**
   * Called after each step. A pod may have become available (ready for minReadySeconds), which is not an event of the
   * pod.
   */
  onStep(): void;
  onError(error: unknown): void;
}

/** A version of the pod template. */
interface Revision {
  neverReady: boolean;
}

export class Controller {
  readonly pods: Pod[] = [];
  readonly #planner: Planner;
  readonly #minReadyMs: number;
  readonly #nodes: readonly string[];
  readonly #host: ControllerHost;
  readonly #cordoned = new Set<string>();
  readonly #revisions = new Map<Pod, Revision>();
  #replicas: number;
  #current: Revision = { neverReady: false };
  #previous = this.#current;
  #generation: PodRecord['generation'] = 'old';
  #nextStep: Timer | undefined;
  #wakeUp: Timer | undefined;
  #stopped = false;

  constructor(workload: Workload, nodes: readonly string[], host: ControllerHost) {
    this.#planner = planner(workload, nodes);
    this.#replicas = effectiveStrategy(workload, nodes.length).replicas;
    this.#minReadyMs = workload.spec.minReadySeconds * 1000;
    this.#nodes = nodes;
    this.#host = host;
  }

  /** How many pods it wants. */
  get replicas(): number {
    return this.#replicas;
  }

  /** Call before the disruption: the pods that exist now are the old ones, and those gone are forgotten. */
  beginDisruption(): void {
    const present = this.#present;
    this.pods.splice(0, this.pods.length, ...present);
    this.#generation = 'new';
  }

  /** Changes the template: from now on only pods created after this are up to date. */
  changeTemplate({ neverReady }: Revision = { neverReady: false }): void {
    this.#previous = this.#current;
    this.#current = { neverReady };
    this.reconcile();
  }

  /** Returns to the template before the last change. */
  undoTemplate(): void {
    [this.#current, this.#previous] = [this.#previous, this.#current];
    this.reconcile();
  }

  /** Unready pods of the undone template that this controller does not replace by itself. */
  get stuckAfterUndo(): Pod[] {
    if (!this.#planner.waitsForUnready) return [];
    return this.#present.filter((pod) => !this.#isSettled(pod) && !pod.ready && !pod.terminating);
  }

  scale(replicas: number): void {
    this.#replicas = replicas;
    this.reconcile();
  }

  /** Requests the deletion of a pod on behalf of somebody else. */
  delete(pod: Pod): void {
    pod.delete().catch(this.#host.onError);
  }

  /** No new pod is scheduled to this node. */
  cordon(node: string): void {
    this.#cordoned.add(node);
  }

  /** Every replica is up to date and available, and no other pod exists. */
  get complete(): boolean {
    const nowMs = this.#host.nowMs();
    const present = this.#present;
    return (
      present.length === this.#replicas &&
      present.every((pod) => this.#isSettled(pod) && !pod.terminating && this.#available(pod, nowMs))
    );
  }

  /** The existing pods, as the rollout's deadline counts them. */
  rolloutPods(graceMs: number): RolloutPod[] {
    const nowMs = this.#host.nowMs();
    return this.#present.map((pod) => ({
      name: pod.record.name,
      updated: this.#isSettled(pod),
      ready: pod.ready,
      available: this.#available(pod, nowMs),
      deletionMs: pod.record.deletionMs,
      graceMs,
    }));
  }

  /**
   * Schedules the next step after the controller's delay. Call at every change of a pod. The delay matters: without it,
   * a pod's deletion would reach the routers in the same sync as the readiness of its replacement, and not just after
   * it, as on a real cluster.
   */
  reconcile(): void {
    if (this.#stopped || this.#nextStep) return;
    this.#nextStep = after(this.#host.stepDelayMs(), () => {
      this.#nextStep = undefined;
      this.#step();
    });
  }

  #step(): void {
    const nowMs = this.#host.nowMs();
    const seen: SeenPods = {
      replicas: this.#replicas,
      pods: this.#present,
      isUpdated: (pod) => this.#isUpdated(pod),
      isAvailable: (pod) => this.#available(pod, nowMs),
      nowMs,
      startedAtEpochMs: this.#host.startedAtEpochMs,
      uidOf: (pod) => this.#host.uidOf(pod),
    };
    const plan = this.#planner.plan(seen);
    const created = plan.create.filter((pod) => this.#create(pod));
    for (const pod of plan.delete) this.delete(pod);
    if (created.length + plan.delete.length > 0) this.reconcile();
    else this.#wakeUpWhenAvailable(seen.pods, nowMs);
    this.#host.onStep();
  }

  /** Creates and deletes no more pods. Does not affect existing ones. */
  stop(): void {
    this.#stopped = true;
    this.#nextStep?.cancel();
    this.#wakeUp?.cancel();
  }

  /** Returns whether there was a node for it. Without one, a pod would stay pending. */
  #create({ suffix, node = this.#schedule(), outdated }: NewPod): boolean {
    if (node === undefined) return false;
    const revision = outdated ? this.#previous : this.#current;
    const pod = this.#host.createPod({ generation: this.#generation, node, suffix, ...revision });
    this.#revisions.set(pod, revision);
    this.pods.push(pod);
    pod.start().catch(this.#host.onError);
    return true;
  }

  /** The schedulable node with the fewest pods. */
  #schedule(): string | undefined {
    const load = (node: string) => this.#present.filter((pod) => pod.record.node === node).length;
    const schedulable = this.#nodes.filter((node) => !this.#cordoned.has(node));
    const [first, ...others] = schedulable;
    return others.reduce((best, node) => (load(node) < load(best ?? node) ? node : best), first);
  }

  get #present(): Pod[] {
    return this.pods.filter((pod) => !pod.gone);
  }

  #isUpdated(pod: Pod): boolean {
    return this.#revisions.get(pod) === this.#current;
  }

  #isSettled(pod: Pod): boolean {
    return this.#isUpdated(pod) || this.#planner.keepsOutdated(pod);
  }

  #available(pod: Pod, nowMs: number): boolean {
    return pod.ready && pod.readySinceMs !== undefined && nowMs - pod.readySinceMs >= this.#minReadyMs;
  }

  /** The end of minReadySeconds is not an event, so the controller sets a timer. */
  #wakeUpWhenAvailable(pods: readonly Pod[], nowMs: number): void {
    this.#wakeUp?.cancel();
    const waits = pods
      .filter((pod) => !pod.terminating && pod.ready && !this.#available(pod, nowMs))
      .map((pod) => (pod.readySinceMs ?? 0) + this.#minReadyMs - nowMs);
    if (waits.length > 0) this.#wakeUp = after(Math.max(1, Math.min(...waits)), () => this.reconcile());
  }
}
