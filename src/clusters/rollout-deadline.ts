/**
 * How long a rollout may take. Kubernetes' deadline applies to each step of progress, and the end of an old pod is not
 * such a step. Source: DeploymentProgressing, DeploymentTimedOut and HasProgressDeadline in the Deployment controller
 * (pkg/controller/deployment/util/deployment_util.go). Pure.
 */
import type { Workload } from '../kubernetes-rules/objects.ts';
import { progressDeadlineSeconds } from '../kubernetes-rules/progress-deadline.ts';
import { effectiveStrategy } from '../kubernetes-rules/rounding.ts';

/**
 * How long a pod may take after its grace period, in ms. This covers the minimum of 2 s between the stop signal and
 * SIGKILL, and the cleanup by its node (network, volumes, removal from the API), which took 0.3 to 4 s on the clusters
 * measured.
 */
export const REMOVAL_MARGIN_MS = 60_000;
/** The limit for one trial, whatever the manifest allows, in ms. */
export const LONGEST_TRIAL_MS = 24 * 3_600_000;
/**
 * From the last change of a pod until the endpoints follow, in ms. Took one or two seconds on the clusters measured.
 */
const ENDPOINTS_LIMIT_MS = 60_000;

/** The state of one of the workload's pods. */
export interface RolloutPod {
  name: string;
  /** Created from the new template. */
  updated: boolean;
  ready: boolean;
  /** Ready for at least minReadySeconds. */
  available: boolean;
  /** When its deletion was requested. */
  deletionMs?: number | undefined;
  /** Its grace period. */
  graceMs: number;
}

export interface RolloutLimits {
  replicas: number;
  /** Infinity: no deadline. */
  progressDeadlineMs: number;
  /**
   * Whether a pod is created only when its predecessor is gone: with Recreate, for a StatefulSet, and for a DaemonSet
   * without surge.
   */
  waitsForTermination: boolean;
}

/** What is overdue after `leftMs` if nothing changes until then. */
export interface Due {
  leftMs: number;
  /** The message for that case. */
  overdue: string;
}

/** Counts of pods. An increase is progress; for `others`, a decrease. */
interface Counts {
  updated: number;
  others: number;
  ready: number;
  available: number;
}

/**
 * The limits for a rollout of the workload.
 * @param nodes the number of nodes that a DaemonSet runs on; otherwise unused
 */
export function rolloutLimits(workload: Workload, nodes?: number): RolloutLimits {
  const { type, replicas, maxSurge } = effectiveStrategy(workload, nodes);
  const replacesInPlace = workload.kind === 'StatefulSet' || (workload.kind === 'DaemonSet' && maxSurge === 0);
  return {
    replicas,
    progressDeadlineMs: progressDeadlineSeconds(workload) * 1000,
    waitsForTermination: type === 'Recreate' || replacesInPlace,
  };
}

/** How long a bad version is left in place if the kind of workload has no progress deadline, in ms. */
const NO_DEADLINE_WAIT_MS = 60_000;

/** How long a version whose pods never become ready is left in place without progress, in ms. */
export function badVersionWaitMs(workload: Workload): number {
  return workload.kind === 'Deployment' ? progressDeadlineSeconds(workload) * 1000 : NO_DEADLINE_WAIT_MS;
}

export class RolloutDeadline {
  readonly #limits: RolloutLimits;
  #counts: Counts | undefined;
  /** When the rollout last made progress. */
  #progressMs = 0;
  /** Since when all pods are up to date and available, and no other pod exists. */
  #settledMs: number | undefined;

  constructor(limits: RolloutLimits) {
    this.#limits = limits;
  }

  /** Call with the state of the pods at every change. The first call starts the deadline. */
  update(pods: readonly RolloutPod[], nowMs: number): Due {
    const { replicas, waitsForTermination } = this.#limits;
    const staying = pods.filter(({ deletionMs }) => deletionMs === undefined);
    const updated = staying.filter((pod) => pod.updated);
    const counts: Counts = {
      updated: updated.length,
      others: staying.length - updated.length,
      ready: staying.filter(({ ready }) => ready).length,
      available: staying.filter(({ available }) => available).length,
    };
    const terminating = pods.filter(({ deletionMs }) => deletionMs !== undefined);
    const blocked = waitsForTermination && terminating.length > 0;
    if (blocked || !this.#counts || isProgress(this.#counts, counts)) this.#progressMs = nowMs;
    this.#counts = counts;

    const complete = counts.others === 0 && updated.filter(({ available }) => available).length >= replicas;
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
      overdue: `pod ${name} still exists ${REMOVAL_MARGIN_MS / 1000} s after its grace period of ${graceMs / 1000} s`,
    };
  }
}

function endpoints(settledMs: number, nowMs: number): Due {
  return {
    leftMs: settledMs + ENDPOINTS_LIMIT_MS - nowMs,
    overdue: `all pods are up to date and available, but the endpoints did not follow within ${ENDPOINTS_LIMIT_MS / 1000} s`,
  };
}

function isProgress(before: Counts, now: Counts): boolean {
  return (
    now.updated > before.updated ||
    now.others < before.others ||
    now.ready > before.ready ||
    now.available > before.available
  );
}
