/** How the controller of each kind of workload decides which pods to create and delete. */
import type { Deployment, StatefulSet, Workload } from '../../kubernetes-rules/objects.ts';
import { recreateStep, rollingUpdateStep } from '../../kubernetes-rules/rolling-update.ts';
import { effectiveStrategy } from '../../kubernetes-rules/rounding.ts';
import { statefulSetStep } from '../../kubernetes-rules/stateful-set-update.ts';
import type { Pod } from './pod.ts';

/** A snapshot of the pods. Availability depends on the time, so one step must use one time for all its questions. */
export interface SeenPods {
  /** Pods that still exist. */
  pods: readonly Pod[];
  isUpdated(pod: Pod): boolean;
  /** Whether it has been ready for minReadySeconds. */
  isAvailable(pod: Pod): boolean;
}

export interface ControllerPlan {
  /** One entry per pod to create: the suffix of its name; undefined if any will do. */
  create: (string | undefined)[];
  delete: Pod[];
}

/** The decision function of the workload's controller. A DaemonSet is rejected earlier (supported.ts). */
export function planner(workload: Workload): (seen: SeenPods) => ControllerPlan {
  switch (workload.kind) {
    case 'Deployment':
      return deploymentPlanner(workload);
    case 'StatefulSet':
      return statefulSetPlanner(workload);
    case 'DaemonSet':
      throw new Error('the local cluster has no DaemonSet controller');
  }
}

function deploymentPlanner(deployment: Deployment): (seen: SeenPods) => ControllerPlan {
  const strategy = effectiveStrategy(deployment);
  const { replicas } = strategy;
  return ({ pods, isUpdated, isAvailable }) => {
    const counts = (some: readonly Pod[]) => ({ total: some.length, available: some.filter(isAvailable).length });
    const active = pods.filter((pod) => !pod.terminating);
    const updated = active.filter(isUpdated);
    const old = active.filter((pod) => !isUpdated(pod));
    const terminating = pods.filter((pod) => pod.terminating && !isUpdated(pod)).length;
    const step =
      strategy.type === 'Recreate'
        ? recreateStep(replicas, { active: old.length, terminating }, updated.length)
        : rollingUpdateStep(replicas, strategy, counts(old), counts(updated));
    return {
      create: Array.from({ length: step.createNew }, () => undefined),
      delete: deletionOrder(old).slice(0, step.deleteOld),
    };
  };
}

/**
 * The ReplicaSet controller's order: unready pods first, then pods that share a node with others, then the youngest.
 */
function deletionOrder(pods: readonly Pod[]): Pod[] {
  const sharing = (pod: Pod) => pods.filter((other) => other.record.node === pod.record.node).length;
  return [...pods].sort(
    (a, b) =>
      Number(a.ready) - Number(b.ready) || sharing(b) - sharing(a) || (b.readySinceMs ?? 0) - (a.readySinceMs ?? 0),
  );
}

function statefulSetPlanner(statefulSet: StatefulSet): (seen: SeenPods) => ControllerPlan {
  const { name } = statefulSet.metadata;
  const { replicas, podManagementPolicy } = statefulSet.spec;
  return ({ pods, isUpdated, isAvailable }) => {
    const byOrdinal = new Map(pods.map((pod) => [Number(pod.record.name.slice(name.length + 1)), pod]));
    const seen = [...byOrdinal].map(([ordinal, pod]) => ({
      ordinal,
      updated: isUpdated(pod),
      available: isAvailable(pod),
      terminating: pod.terminating,
    }));
    const step = statefulSetStep(replicas, podManagementPolicy, seen);
    const deleted = step.delete === undefined ? undefined : byOrdinal.get(step.delete);
    return { create: step.create.map(String), delete: deleted ? [deleted] : [] };
  };
}
