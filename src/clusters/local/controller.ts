/** The workload's controller and the scheduler: makes and deletes pods until the wanted ones are there. */
import type { Workload } from '../../kubernetes-rules/objects.ts';
import { effectiveStrategy } from '../../kubernetes-rules/rounding.ts';
import { after, type Timer } from '../../timers.ts';
import type { PodRecord } from '../../trace/cluster-record.ts';
import type { RolloutPod } from '../rollout-deadline.ts';
import { planner, type SeenPods } from './controller-plan.ts';
import type { Pod } from './pod.ts';

/** What the controller needs of its surroundings. */
export interface ControllerHost {
  /** @param suffix what follows the workload's name in the pod's; undefined where any will do */
  createPod(generation: PodRecord['generation'], node: string, suffix: string | undefined): Pod;
  nowMs(): number;
  /** From a change to what the controllers do about it, in ms. */
  stepDelayMs(): number;
  /** It has looked at the pods: one may have been ready for minReadySeconds, which no change of a pod tells. */
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
  #wanted: PodRecord['generation'] = 'old';
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

  /** The template changes: from now on only pods made after this are wanted. */
  changeTemplate(): void {
    this.#wanted = 'new';
    this.reconcile();
  }

  /** Every wanted pod is there and available, and nothing else is left. */
  get complete(): boolean {
    const present = this.pods.filter((pod) => !pod.gone);
    const nowMs = this.#host.nowMs();
    return (
      present.length === this.#replicas &&
      present.every((pod) => this.#isWanted(pod) && !pod.terminating && this.#available(pod, nowMs))
    );
  }

  /** The pods that are there, as the deadline of a rollout counts them. */
  rolloutPods(graceMs: number): RolloutPod[] {
    const nowMs = this.#host.nowMs();
    return this.pods
      .filter((pod) => !pod.gone)
      .map((pod) => ({
        name: pod.record.name,
        wanted: this.#isWanted(pod),
        ready: pod.ready,
        available: this.#available(pod, nowMs),
        deletionMs: pod.record.deletionMs,
        graceMs,
      }));
  }

  /**
   * Takes the next step, a little later; called at every change of a pod. The delay matters: a pod's deletion that came
   * with the readiness of its replacement would reach the routers in the same sync, and not, as it does, just after it.
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
      isWanted: (pod) => this.#isWanted(pod),
      isAvailable: (pod) => this.#available(pod, nowMs),
    };
    const plan = this.#plan(seen);
    for (const suffix of plan.create) this.#create(suffix);
    for (const pod of plan.delete) pod.delete().catch(this.#host.onError);
    if (plan.create.length + plan.delete.length > 0) this.reconcile();
    else this.#wakeUpWhenAvailable(seen.pods, nowMs);
    this.#host.onStep();
  }

  /** Makes and deletes no more pods, whatever becomes of those that are there. */
  stop(): void {
    this.#stopped = true;
    this.#nextStep?.cancel();
    this.#wakeUp?.cancel();
  }

  #create(suffix: string | undefined): void {
    const load = (node: string) => this.pods.filter((pod) => !pod.gone && pod.record.node === node).length;
    const node = this.#nodes.reduce((best, candidate) => (load(candidate) < load(best) ? candidate : best));
    const pod = this.#host.createPod(this.#wanted, node, suffix);
    this.pods.push(pod);
    pod.start().catch(this.#host.onError);
  }

  #isWanted(pod: Pod): boolean {
    return pod.record.generation === this.#wanted;
  }

  #available(pod: Pod, nowMs: number): boolean {
    return pod.ready && pod.readySinceMs !== undefined && nowMs - pod.readySinceMs >= this.#minReadyMs;
  }

  /** minReadySeconds passes without any event, so the controller sets itself an alarm. */
  #wakeUpWhenAvailable(pods: readonly Pod[], nowMs: number): void {
    this.#wakeUp?.cancel();
    const waits = pods
      .filter((pod) => !pod.terminating && pod.ready && !this.#available(pod, nowMs))
      .map((pod) => (pod.readySinceMs ?? 0) + this.#minReadyMs - nowMs);
    if (waits.length > 0) this.#wakeUp = after(Math.max(1, Math.min(...waits)), () => this.reconcile());
  }
}
