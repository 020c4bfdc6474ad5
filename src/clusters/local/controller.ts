/** The workload's controller and the scheduler: creates and deletes pods until all of them are up to date. */
import type { Workload } from '../../kubernetes-rules/objects.ts';
import { effectiveStrategy } from '../../kubernetes-rules/rounding.ts';
import { after, type Timer } from '../../timers.ts';
import type { PodRecord } from '../../trace/cluster-record.ts';
import type { RolloutPod } from '../rollout-deadline.ts';
import { planner, type SeenPods } from './controller-plan.ts';
import type { Pod } from './pod.ts';

/** What the controller needs from the cluster. */
export interface ControllerHost {
  /** @param suffix of the pod's name; undefined if any will do */
  createPod(generation: PodRecord['generation'], node: string, suffix: string | undefined): Pod;
  nowMs(): number;
  /** The delay from a change to the controller's reaction, in ms. */
  stepDelayMs(): number;
  /**
   * Called after each step. A pod may have become available (ready for minReadySeconds), which is not an event of the
   * pod.
   */
  onStep(): void;
  onError(error: unknown): void;
}

export class Controller {
  readonly pods: Pod[] = [];
  readonly #plan: ReturnType<typeof planner>;
  readonly #replicas: number;
  readonly #minReadyMs: number;
  readonly #nodes: readonly string[];
  readonly #host: ControllerHost;
  #generation: PodRecord['generation'] = 'old';
  #nextStep: Timer | undefined;
  #wakeUp: Timer | undefined;
  #stopped = false;

  constructor(workload: Workload, nodes: readonly string[], host: ControllerHost) {
    this.#plan = planner(workload);
    this.#replicas = effectiveStrategy(workload).replicas;
    this.#minReadyMs = workload.spec.minReadySeconds * 1000;
    this.#nodes = nodes;
    this.#host = host;
  }

  /** Changes the template: from now on only pods created after this are up to date. */
  changeTemplate(): void {
    this.#generation = 'new';
    this.reconcile();
  }

  /** Every replica is up to date and available, and no other pod exists. */
  get complete(): boolean {
    const present = this.pods.filter((pod) => !pod.gone);
    const nowMs = this.#host.nowMs();
    return (
      present.length === this.#replicas &&
      present.every((pod) => this.#isUpdated(pod) && !pod.terminating && this.#available(pod, nowMs))
    );
  }

  /** The existing pods, as the rollout's deadline counts them. */
  rolloutPods(graceMs: number): RolloutPod[] {
    const nowMs = this.#host.nowMs();
    return this.pods
      .filter((pod) => !pod.gone)
      .map((pod) => ({
        name: pod.record.name,
        updated: this.#isUpdated(pod),
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
      pods: this.pods.filter((pod) => !pod.gone),
      isUpdated: (pod) => this.#isUpdated(pod),
      isAvailable: (pod) => this.#available(pod, nowMs),
    };
    const plan = this.#plan(seen);
    for (const suffix of plan.create) this.#create(suffix);
    for (const pod of plan.delete) pod.delete().catch(this.#host.onError);
    if (plan.create.length + plan.delete.length > 0) this.reconcile();
    else this.#wakeUpWhenAvailable(seen.pods, nowMs);
    this.#host.onStep();
  }

  /** Creates and deletes no more pods. Does not affect existing ones. */
  stop(): void {
    this.#stopped = true;
    this.#nextStep?.cancel();
    this.#wakeUp?.cancel();
  }

  #create(suffix: string | undefined): void {
    const load = (node: string) => this.pods.filter((pod) => !pod.gone && pod.record.node === node).length;
    const node = this.#nodes.reduce((best, candidate) => (load(candidate) < load(best) ? candidate : best));
    const pod = this.#host.createPod(this.#generation, node, suffix);
    this.pods.push(pod);
    pod.start().catch(this.#host.onError);
  }

  #isUpdated(pod: Pod): boolean {
    return pod.record.generation === this.#generation;
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
