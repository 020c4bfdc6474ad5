/**
 * How long a rollout may take: Kubernetes' deadline is for each step of its progress, and the end of old pods is none.
 * Source: DeploymentProgressing, DeploymentTimedOut and HasProgressDeadline in the Deployment controller
 * (pkg/controller/deployment/util/deployment_util.go). Pure.
 */
import type { Workload } from '../kubernetes-rules/objects.ts';
import { progressDeadlineSeconds } from '../kubernetes-rules/progress-deadline.ts';
import { effectiveStrategy } from '../kubernetes-rules/rounding.ts';

/**
 * What a pod may take after its grace period: the 2 s that SIGKILL waits after SIGTERM at least, and what its node does
 * (network, volumes, the removal from the API): 0.3 to 4 s on the clusters measured.
 */
export const REMOVAL_MARGIN_MS = 60_000;
/** Nobody waits longer for one trial, whatever the manifest allows. */
export const LONGEST_TRIAL_MS = 24 * 3_600_000;
/** From the last change of a pod to the endpoints that follow it: a second or two on the clusters measured. */
const ENDPOINTS_LIMIT_MS = 60_000;

/** A pod of the workload, at one moment. */
export interface RolloutPod {
  name: string;
  /** Made from the new template. */
  wanted: boolean;
  ready: boolean;
  /** Ready for minReadySeconds. */
  available: boolean;
  /** When its deletion was asked for. */
  deletionMs?: number | undefined;
  /** From its deletion to SIGKILL. */
  graceMs: number;
}

export interface RolloutLimits {
  replicas: number;
  /** Infinity for none. */
  progressDeadlineMs: number;
  /** Whether nothing is made in the place of a pod before that is gone: Recreate, and a StatefulSet. */
  waitsForTermination: boolean;
}

/** What will be overdue next unless something changes, and in how many ms. */
export interface Due {
  leftMs: number;
  /** What is then to be said. */
  overdue: string;
}

/** Progress counts up, except for the pods of other templates. */
interface Counts {
  wanted: number;
  others: number;
  ready: number;
  available: number;
}

/** What a rollout of the workload may take. */
export function rolloutLimits(workload: Workload): RolloutLimits {
  const { type, replicas } = effectiveStrategy(workload);
  return {
    replicas,
    progressDeadlineMs: progressDeadlineSeconds(workload) * 1000,
    waitsForTermination: type === 'Recreate' || workload.kind === 'StatefulSet',
  };
}

export class RolloutDeadline {
  readonly #limits: RolloutLimits;
  #counts: Counts | undefined;
  /** When the last step was made. */
  #progressMs = 0;
  /** Since when all pods are as they are to be. */
  #settledMs: number | undefined;

  constructor(limits: RolloutLimits) {
    this.#limits = limits;
  }

  /** Looks at the pods as they are; to be called at every change. The first look begins the wait. */
  look(pods: readonly RolloutPod[], nowMs: number): Due {
    const { replicas, waitsForTermination } = this.#limits;
    const staying = pods.filter(({ deletionMs }) => deletionMs === undefined);
    const wanted = staying.filter((pod) => pod.wanted);
    const counts: Counts = {
      wanted: wanted.length,
      others: staying.length - wanted.length,
      ready: staying.filter(({ ready }) => ready).length,
      available: staying.filter(({ available }) => available).length,
    };
    const terminating = pods.filter(({ deletionMs }) => deletionMs !== undefined);
    const blocked = waitsForTermination && terminating.length > 0;
    if (blocked || !this.#counts || isProgress(this.#counts, counts)) this.#progressMs = nowMs;
    this.#counts = counts;

    const complete = counts.others === 0 && wanted.filter(({ available }) => available).length >= replicas;
    const due = terminating.map((pod) => this.#removal(pod, nowMs));
    if (!complete && !blocked) due.push(this.#nextStep(nowMs));
    this.#settledMs = complete && terminating.length === 0 ? (this.#settledMs ?? nowMs) : undefined;
    if (this.#settledMs !== undefined) due.push(endpoints(this.#settledMs, nowMs));
    return due.reduce((first, other) => (other.leftMs < first.leftMs ? other : first));
  }

  #nextStep(nowMs: number): Due {
    const { progressDeadlineMs } = this.#limits;
    return {
      leftMs: this.#progressMs + progressDeadlineMs - nowMs,
      overdue: `no progress within ${progressDeadlineMs / 1000} s (progressDeadlineSeconds)`,
    };
  }

  #removal({ name, deletionMs = 0, graceMs }: RolloutPod, nowMs: number): Due {
    return {
      leftMs: deletionMs + graceMs + REMOVAL_MARGIN_MS - nowMs,
      overdue: `pod ${name} is still there ${REMOVAL_MARGIN_MS / 1000} s after its grace period of ${graceMs / 1000} s`,
    };
  }
}

function endpoints(settledMs: number, nowMs: number): Due {
  return {
    leftMs: settledMs + ENDPOINTS_LIMIT_MS - nowMs,
    overdue: `the pods are as they should be, but their endpoints did not follow within ${ENDPOINTS_LIMIT_MS / 1000} s`,
  };
}

function isProgress(before: Counts, now: Counts): boolean {
  return (
    now.wanted > before.wanted ||
    now.others < before.others ||
    now.ready > before.ready ||
    now.available > before.available
  );
}
