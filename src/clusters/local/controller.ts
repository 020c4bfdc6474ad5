/** The Deployment controller and the scheduler: makes and deletes pods until the wanted ones are there. */

import type { Workload } from '../../kubernetes-rules/objects.ts';
import { recreateStep, rollingUpdateStep } from '../../kubernetes-rules/rolling-update.ts';
import { effectiveStrategy } from '../../kubernetes-rules/rounding.ts';
import { timerMs } from '../../timers.ts';
import type { PodRecord } from '../../trace/cluster-record.ts';
import type { RolloutPod } from '../rollout-deadline.ts';
import type { Pod } from './pod.ts';

/** What the controller needs of its surroundings. */
export interface ControllerHost {
  createPod(generation: PodRecord['generation'], node: string): Pod;
  nowMs(): number;
  /** From a change to what the controllers do about it, in ms. */
  stepDelayMs(): number;
  /** It has looked at the pods: one may have been ready for minReadySeconds, which no change of a pod tells. */
  onStep(): void;
  onError(error: unknown): void;
}

export class Controller {
  readonly pods: Pod[] = [];
  readonly #strategy: ReturnType<typeof effectiveStrategy>;
  readonly #minReadyMs: number;
  readonly #nodes: readonly string[];
  readonly #host: ControllerHost;
  #wanted: PodRecord['generation'] = 'old';
  #nextStep: NodeJS.Timeout | undefined;
  #wakeUp: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(workload: Workload, nodes: readonly string[], host: ControllerHost) {
    this.#strategy = effectiveStrategy(workload);
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
      present.length === this.#strategy.replicas &&
      present.every((pod) => pod.record.generation === this.#wanted && !pod.terminating && this.#available(pod, nowMs))
    );
  }

  /** The pods that are there, as the deadline of a rollout counts them. */
  rolloutPods(graceMs: number): RolloutPod[] {
    const nowMs = this.#host.nowMs();
    return this.pods
      .filter((pod) => !pod.gone)
      .map((pod) => ({
        name: pod.record.name,
        wanted: pod.record.generation === this.#wanted,
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
    this.#nextStep = setTimeout(() => {
      this.#nextStep = undefined;
      this.#step();
    }, this.#host.stepDelayMs());
  }

  #step(): void {
    // One time for all questions: a pod that becomes available between two of them would be waited for by neither.
    const nowMs = this.#host.nowMs();
    const counts = (pods: Pod[]) => ({
      total: pods.length,
      available: pods.filter((pod) => this.#available(pod, nowMs)).length,
    });
    const active = this.pods.filter((pod) => !pod.terminating);
    const wanted = active.filter((pod) => pod.record.generation === this.#wanted);
    const old = active.filter((pod) => pod.record.generation !== this.#wanted);
    const step =
      this.#strategy.type === 'Recreate'
        ? recreateStep(
            this.#strategy.replicas,
            { active: old.length, terminating: this.#terminatingOld() },
            wanted.length,
          )
        : rollingUpdateStep(this.#strategy.replicas, this.#strategy, counts(old), counts(wanted));
    for (let i = 0; i < step.createNew; i++) this.#create();
    for (const pod of this.#firstToGo(old).slice(0, step.deleteOld)) pod.delete().catch(this.#host.onError);
    if (step.createNew + step.deleteOld > 0) this.reconcile();
    else this.#wakeUpWhenAvailable(active, nowMs);
    this.#host.onStep();
  }

  /** Makes and deletes no more pods, whatever becomes of those that are there. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#nextStep);
    clearTimeout(this.#wakeUp);
  }

  #create(): void {
    const load = (node: string) => this.pods.filter((pod) => !pod.gone && pod.record.node === node).length;
    const node = this.#nodes.reduce((best, candidate) => (load(candidate) < load(best) ? candidate : best));
    const pod = this.#host.createPod(this.#wanted, node);
    this.pods.push(pod);
    pod.start().catch(this.#host.onError);
  }

  #terminatingOld(): number {
    return this.pods.filter((pod) => pod.terminating && !pod.gone && pod.record.generation !== this.#wanted).length;
  }

  #available(pod: Pod, nowMs: number): boolean {
    return pod.ready && pod.readySinceMs !== undefined && nowMs - pod.readySinceMs >= this.#minReadyMs;
  }

  /** The ReplicaSet controller's order: not ready before ready, then those that share a node, then the youngest. */
  #firstToGo(pods: Pod[]): Pod[] {
    const sharing = (pod: Pod) => pods.filter((other) => other.record.node === pod.record.node).length;
    return [...pods].sort(
      (a, b) =>
        Number(a.ready) - Number(b.ready) || sharing(b) - sharing(a) || (b.readySinceMs ?? 0) - (a.readySinceMs ?? 0),
    );
  }

  /** minReadySeconds passes without any event, so the controller sets itself an alarm. */
  #wakeUpWhenAvailable(active: Pod[], nowMs: number): void {
    clearTimeout(this.#wakeUp);
    const waits = active
      .filter((pod) => pod.ready && !this.#available(pod, nowMs))
      .map((pod) => (pod.readySinceMs ?? 0) + this.#minReadyMs - nowMs);
    if (waits.length > 0) this.#wakeUp = setTimeout(() => this.reconcile(), timerMs(Math.max(1, Math.min(...waits))));
  }
}
