/** Waits for the pods of the local cluster, within the rollout's deadline. */
import { ExitCode, ProgramError } from '../../errors.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { ClusterRecord } from '../../trace/cluster-record.ts';
import type { Conditions } from '../condition.ts';
import { badVersionWaitMs, type Due, RolloutDeadline, type RolloutLimits, rolloutLimits } from '../rollout-deadline.ts';
import type { Controller } from './controller.ts';
import type { Pod } from './pod.ts';

export interface SettlingOptions {
  manifests: Manifests;
  clock: TrialClock;
  signal: AbortSignal;
  controller: Controller;
  conditions: Conditions;
  /** How many nodes there are. */
  nodes: number;
  gracePeriodMs: number;
  events: ClusterRecord['events'];
  /** Whether every router knows exactly the pods that are not terminating. */
  routersAgree(): boolean;
}

export class Settling {
  readonly #options: SettlingOptions;

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  /**
   * Waits until every pod is as wanted, every router knows it, and the further condition holds. Ends early on abort, on
   * failure, or when the rollout's deadline expires.
   * @param what for the message if it takes too long: "the pods did not …"
   */
  settled(what: string, also = () => true): Promise<void> {
    const { controller, conditions, signal, routersAgree } = this.#options;
    const due = this.#deadline();
    return conditions.until(() => also() && controller.complete && routersAgree(), {
      signal,
      leftMs: () => due().leftMs,
      stuck: () => this.#stuck(what, due().overdue),
    });
  }

  /** Waits until a rollout has made no progress for its deadline. */
  deadlineExceeded(): Promise<void> {
    const { conditions, signal, manifests } = this.#options;
    const due = this.#deadline({ progressDeadlineMs: badVersionWaitMs(manifests.workload) });
    return conditions.until(() => due().leftMs <= 0, {
      signal,
      leftMs: () => Math.max(1, due().leftMs),
      stuck: () => new Error('unreachable: its time is never up'),
    });
  }

  /** Fails every wait, because a container keeps exiting and has never been ready. */
  failAsCrashLoop(pod: Pod, message: string): void {
    const { manifests, conditions } = this.#options;
    const text = `${manifests.source}: pod ${pod.record.name} fails to start: ${message}`;
    conditions.fail(new ProgramError(text, ExitCode.environment));
  }

  #deadline(other: Partial<RolloutLimits> = {}): () => Due {
    const { manifests, clock, controller, nodes, gracePeriodMs } = this.#options;
    const limits = rolloutLimits(manifests.workload, nodes);
    const deadline = new RolloutDeadline({ ...limits, replicas: controller.replicas, ...other });
    return () => deadline.update(controller.rolloutPods(gracePeriodMs), clock.nowMs());
  }

  #stuck(what: string, overdue: string): ProgramError {
    const { manifests, controller, events } = this.#options;
    const pod = controller.pods.find((p) => !p.terminating && !p.ready);
    const said = pod?.record.containers.flatMap(({ log = [] }) => log).at(-1);
    const lastWord = said ?? events.findLast((e) => e.pod?.uid === pod?.record.uid)?.message;
    const which = pod ? `; pod ${pod.record.name} is not ready${lastWord ? `: ${lastWord}` : ''}` : '';
    return new ProgramError(`${manifests.source}: the pods did not ${what}: ${overdue}${which}`, ExitCode.environment);
  }
}
