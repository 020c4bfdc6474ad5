/** Carries out each kind of disruption on the local cluster, as the API server, kubectl and the kubelet do. */
import { ExitCode, ProgramError } from '../../errors.ts';
import { evict } from '../../kubernetes-rules/disruption-budget.ts';
import type { PodDisruptionBudget } from '../../kubernetes-rules/written-objects.ts';
import { delay } from '../../timers.ts';
import type { PodRef } from '../../trace/cluster-record.ts';
import type { DisruptionOutcome, PlannedDisruption } from '../../trace/disruption.ts';
import { DRAIN_RETRY_MS, REFUSED_LIMIT_MS } from '../eviction-retry.ts';
import type { Controller } from './controller.ts';
import type { Pod } from './pod.ts';

/** What a disruption needs of the cluster. */
export interface DisruptedCluster {
  controller: Controller;
  /** The PodDisruptionBudgets that select the workload's pods. */
  budgets: readonly PodDisruptionBudget[];
  nowMs(): number;
  signal: AbortSignal;
  /**
   * Waits until every pod is as wanted, every router knows it, and the further condition holds.
   * @param what for the message if it takes too long: "the pods did not …"
   */
  settled(what: string, also?: () => boolean): Promise<void>;
  /** Waits until the rollout has made no progress for its deadline. */
  deadlineExceeded(): Promise<void>;
  onEvent(type: string, pod: PodRef, message: string): void;
}

export async function carryOut(planned: PlannedDisruption, cluster: DisruptedCluster): Promise<DisruptionOutcome> {
  const { controller, settled } = cluster;
  controller.beginDisruption();
  switch (planned.kind) {
    case 'rollout':
      controller.changeTemplate();
      await settled('finish the rollout');
      return {};
    case 'rollback':
      controller.undoTemplate();
      await settled('finish the rollback');
      return {};
    case 'bad-version':
      return badVersion(cluster);
    case 'scale-down':
      controller.scale(planned.replicas);
      await settled('scale down');
      return {};
    case 'drain':
      return drain(planned.node, cluster);
    case 'evict':
      return evictOne(cluster);
    case 'delete-pod':
      return deleteOne(cluster);
    case 'restart':
      return restart(cluster);
    case 'command':
      throw new Error('the local cluster runs no command of the user');
  }
}

/** What must happen before the load, if anything: a rollback needs a second revision to return from. */
export async function prepare({ kind }: PlannedDisruption, { controller, settled }: DisruptedCluster): Promise<void> {
  if (kind !== 'rollback') return;
  controller.changeTemplate();
  await settled('finish the rollout before the rollback');
}

/**
 * A StatefulSet with OrderedReady does not replace its broken pod by itself after the template was corrected: it waits
 * for that pod to become ready. Somebody has to delete it ("forced rollback" in the documentation of StatefulSets).
 */
async function badVersion({ controller, settled, deadlineExceeded, nowMs }: DisruptedCluster) {
  controller.changeTemplate({ neverReady: true });
  await deadlineExceeded();
  const undoneMs = nowMs();
  controller.undoTemplate();
  for (const pod of controller.stuckAfterUndo) controller.delete(pod);
  await settled('return to the version before');
  return { undoneMs };
}

/** Like `kubectl drain`: cordons the node and evicts all of its pods at the same time. */
async function drain(node: string, cluster: DisruptedCluster): Promise<DisruptionOutcome> {
  const { controller, settled } = cluster;
  controller.cordon(node);
  const pods = controller.pods.filter(({ record, terminating }) => record.node === node && !terminating);
  const refused = await Promise.all(pods.map((pod) => evictWithRetries(pod, cluster)));
  const evicted = () => pods.every(({ gone }) => gone);
  await settled(`become ready again after the drain of ${node}`, evicted);
  return { refusedEvictions: refused.reduce((sum, count) => sum + count, 0) };
}

async function evictOne(cluster: DisruptedCluster): Promise<DisruptionOutcome> {
  const pod = firstPod(cluster);
  const refusedEvictions = await evictWithRetries(pod, cluster);
  await cluster.settled('become ready again after the eviction', () => pod.gone);
  return { pod: pod.record.uid, refusedEvictions };
}

async function deleteOne(cluster: DisruptedCluster): Promise<DisruptionOutcome> {
  const pod = firstPod(cluster);
  cluster.controller.delete(pod);
  await cluster.settled('become ready again after the deletion', () => pod.gone);
  return { pod: pod.record.uid };
}

/** SIGKILL without warning. The kubelet notices the end with its next relist and starts the container again. */
async function restart(cluster: DisruptedCluster): Promise<DisruptionOutcome> {
  const pod = firstPod(cluster);
  const runs = pod.servingRuns;
  pod.crash();
  await cluster.settled('become ready again after the restart', () => pod.servingRuns > runs && pod.ready);
  return { pod: pod.record.uid };
}

/** Returns how often the eviction was refused. @throws ProgramError if it is refused for good */
async function evictWithRetries(pod: Pod, cluster: DisruptedCluster): Promise<number> {
  const { controller, budgets, signal, onEvent, nowMs } = cluster;
  const firstMs = nowMs();
  for (let refused = 0; ; refused++) {
    const present = controller.pods.filter(({ gone }) => !gone);
    const answer = evict(pod, budgets, controller.replicas, present);
    if (answer.evicted) {
      onEvent('Evicted', pod.record, 'eviction accepted');
      controller.delete(pod);
      return refused;
    }
    onEvent('EvictionRefused', pod.record, `429 Too Many Requests: ${answer.message}`);
    if (!answer.tryAgain || nowMs() - firstMs > REFUSED_LIMIT_MS) {
      throw new ProgramError(`pod ${pod.record.name} cannot be evicted: ${answer.message}`, ExitCode.environment);
    }
    await delay(DRAIN_RETRY_MS, undefined, { signal }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error;
    });
  }
}

/** The first of the pods by name, so that the same seed gives the same pod. */
function firstPod({ controller }: DisruptedCluster): Pod {
  const [first] = controller.pods
    .filter(({ ready, terminating }) => ready && !terminating)
    .sort((a, b) => (a.record.name < b.record.name ? -1 : 1));
  if (!first) throw new ProgramError('no pod is ready', ExitCode.environment);
  return first;
}
