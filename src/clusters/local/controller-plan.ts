/** How the controller of each kind of workload decides which pods to create and delete. */
import { daemonSetStep } from '../../kubernetes-rules/daemon-set-update.ts';
import { STATEFUL_SET_LIMITS } from '../../kubernetes-rules/defaults.ts';
import { deletionOrder } from '../../kubernetes-rules/deletion-order.ts';
import type { DaemonSet, Deployment, StatefulSet, Workload } from '../../kubernetes-rules/objects.ts';
import { recreateStep, rollingUpdateStep } from '../../kubernetes-rules/rolling-update.ts';
import { effectiveStrategy } from '../../kubernetes-rules/rounding.ts';
import { statefulSetStep } from '../../kubernetes-rules/stateful-set-update.ts';
import type { Pod } from './pod.ts';

/** A snapshot of the pods. Availability depends on the time, so one step must use one time for all its questions. */
export interface SeenPods {
  /** The number of replicas wanted; for a DaemonSet, of nodes. */
  replicas: number;
  /** Pods that still exist. */
  pods: readonly Pod[];
  isUpdated(pod: Pod): boolean;
  /** Whether it has been ready for minReadySeconds. */
  isAvailable(pod: Pod): boolean;
  /** On the trial's clock. */
  nowMs: number;
  /** When the trial's clock was at 0: epoch ms. */
  startedAtEpochMs: number;
  /** A number that decides as the random uid of a pod does on a cluster. */
  uidOf(pod: Pod): number;
}

/** A pod to create. */
export interface NewPod {
  /** The end of its name; undefined if any will do. */
  suffix?: string;
  /** Where it must run; undefined: the scheduler decides. */
  node?: string;
  /** Made from the template before the current one. */
  outdated?: boolean;
}

export interface Planner {
  plan(seen: SeenPods): { create: NewPod[]; delete: Pod[] };
  /** Whether the controller leaves a pod of an older template as it is. */
  keepsOutdated(pod: Pod): boolean;
  /** Whether an unready pod blocks its replacement, even if its template is outdated. */
  waitsForUnready: boolean;
}

/** The decisions of the workload's controller. */
export function planner(workload: Workload, nodes: readonly string[]): Planner {
  switch (workload.kind) {
    case 'Deployment':
      return deploymentPlanner(workload);
    case 'StatefulSet':
      return statefulSetPlanner(workload);
    case 'DaemonSet':
      return daemonSetPlanner(workload, nodes);
  }
}

function deploymentPlanner(deployment: Deployment): Planner {
  return {
    waitsForUnready: false,
    keepsOutdated: () => false,
    plan(seen) {
      const { pods, replicas, isUpdated, isAvailable } = seen;
      const strategy = effectiveStrategy({ ...deployment, spec: { ...deployment.spec, replicas } });
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
        create: Array.from({ length: step.createNew }, () => ({})),
        delete: [
          ...inDeletionOrder(old, active, seen).slice(0, step.deleteOld),
          ...inDeletionOrder(updated, active, seen).slice(0, step.deleteNew),
        ],
      };
    },
  };
}

/** @param active all pods of the Deployment that are not terminating */
function inDeletionOrder(pods: readonly Pod[], active: readonly Pod[], seen: SeenPods): Pod[] {
  const { nowMs, startedAtEpochMs, uidOf } = seen;
  const candidates = pods.map((pod) => ({
    pod,
    running: pod.running,
    ready: pod.ready,
    readySinceMs: pod.readySinceMs === undefined ? undefined : startedAtEpochMs + pod.readySinceMs,
    createdMs: startedAtEpochMs + pod.record.createdMs,
    sharingNode: active.filter(({ record }) => record.node === pod.record.node).length,
    restarts: Math.max(0, ...pod.record.containers.map(({ runs }) => runs.length - 1)),
    uid: uidOf(pod),
  }));
  return deletionOrder(candidates, startedAtEpochMs + nowMs).map(({ pod }) => pod);
}

function statefulSetPlanner(statefulSet: StatefulSet): Planner {
  const { name } = statefulSet.metadata;
  const { podManagementPolicy, updateStrategy } = statefulSet.spec;
  const { partition } = { ...STATEFUL_SET_LIMITS, ...updateStrategy.rollingUpdate };
  const ordinalOf = (pod: Pod) => Number(pod.record.name.slice(name.length + 1));
  return {
    waitsForUnready: podManagementPolicy !== 'Parallel',
    keepsOutdated: (pod) => ordinalOf(pod) < partition,
    plan({ pods, replicas, isUpdated, isAvailable }) {
      const { maxUnavailable } = effectiveStrategy({ ...statefulSet, spec: { ...statefulSet.spec, replicas } });
      const seen = pods.map((pod) => ({
        pod,
        ordinal: ordinalOf(pod),
        updated: isUpdated(pod),
        available: isAvailable(pod),
        terminating: pod.terminating,
      }));
      const step = statefulSetStep({ replicas, podManagementPolicy, partition, maxUnavailable }, seen);
      return {
        create: step.create.map(({ ordinal, updated }) => ({ suffix: String(ordinal), outdated: !updated })),
        delete: seen.filter(({ ordinal }) => step.delete.includes(ordinal)).map(({ pod }) => pod),
      };
    },
  };
}

function daemonSetPlanner(daemonSet: DaemonSet, nodes: readonly string[]): Planner {
  const limits = effectiveStrategy(daemonSet, nodes.length);
  return {
    waitsForUnready: false,
    keepsOutdated: () => false,
    plan({ pods, isUpdated, isAvailable }) {
      const seen = pods.map((pod) => ({
        pod,
        node: pod.record.node,
        updated: isUpdated(pod),
        available: isAvailable(pod),
        terminating: pod.terminating,
      }));
      const step = daemonSetStep(nodes, limits, seen);
      return { create: step.create.map((node) => ({ node })), delete: step.delete.map(({ pod }) => pod) };
    },
  };
}
