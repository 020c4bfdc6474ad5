/** Which disruptions make sense for which workload on the local cluster. */
import { InputError } from '../../errors.ts';
import { budgetStatus } from '../../kubernetes-rules/disruption-budget.ts';
import { progressDeadlineSeconds } from '../../kubernetes-rules/progress-deadline.ts';
import { effectiveStrategy } from '../../kubernetes-rules/rounding.ts';
import { matchesSelector } from '../../kubernetes-rules/selectors.ts';
import { PodDisruptionBudget } from '../../kubernetes-rules/written-objects.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import type { PlannedDisruption } from '../../trace/disruption.ts';
import { assertPossible, flagOf } from '../possible-disruption.ts';

/**
 * The budgets of the manifests that select the workload's pods.
 * @throws InputError for one that cannot be read
 */
export function budgetsOf({ objects, workload, source }: Manifests): PodDisruptionBudget[] {
  const labels = workload.spec.template.metadata?.labels ?? {};
  return objects
    .filter(({ kind }) => kind === 'PodDisruptionBudget')
    .map((object) => {
      const read = PodDisruptionBudget.safeParse(object);
      if (read.success) return read.data;
      const { path = [], message } = read.error.issues[0] ?? {};
      throw new InputError(
        `${source}: PodDisruptionBudget "${object.metadata.name}": ${path.join('.')}: ${message}; it must be a policy/v1 PodDisruptionBudget`,
      );
    })
    .filter(({ spec: { selector } }) => selector !== undefined && matchesSelector(selector, labels));
}

/**
 * @param nodes the names of the nodes
 * @throws InputError for a disruption that is impossible here, or that would never end
 */
export function assertDisruptable(manifests: Manifests, planned: PlannedDisruption, nodes: readonly string[]): void {
  const { workload, source } = manifests;
  const { replicas } = effectiveStrategy(workload, nodes.length);
  const name = `${source}: ${workload.kind} "${workload.metadata.name}"`;
  assertPossible(planned, { kind: workload.kind, replicas, name });
  const refuse = (why: string): never => {
    throw new InputError(`--event ${flagOf(planned)}: ${why}`);
  };
  if (planned.kind === 'drain') {
    if (!nodes.includes(planned.node)) refuse(`the local cluster has the nodes ${nodes.join(' and ')}`);
    if (placesPods(workload.spec.template.spec)) {
      refuse(`${name} has rules about its nodes, which the local cluster does not follow; drain a real node`);
    }
  }
  if (planned.kind === 'bad-version' && progressDeadlineSeconds(workload) === Number.POSITIVE_INFINITY) {
    refuse(`${name} has no progress deadline, so nothing ends the wait; set progressDeadlineSeconds`);
  }
  if (planned.kind !== 'drain' && planned.kind !== 'evict') return;
  const budget = budgetsOf(manifests).find((candidate) => allowsNone(candidate, replicas));
  if (!budget) return;
  refuse(
    `${source}: PodDisruptionBudget "${budget.metadata.name}" allows no eviction of ${replicas} healthy pods, so kubectl drain waits forever; allow one, for example with maxUnavailable: 1`,
  );
}

/** If all pods are healthy and the budget still allows no eviction, it never will. */
function allowsNone(budget: PodDisruptionBudget, replicas: number): boolean {
  const healthy = Array.from({ length: replicas }, () => ({ running: true, ready: true, terminating: false }));
  return budgetStatus(budget, replicas, healthy).disruptionsAllowed === 0;
}

/** Whether the manifest requires something of the pods' nodes. */
function placesPods(spec: object): boolean {
  const { nodeSelector, nodeName, affinity } = spec as {
    nodeSelector?: object;
    nodeName?: string;
    affinity?: { nodeAffinity?: object; podAffinity?: object; podAntiAffinity?: object };
  };
  const required = 'requiredDuringSchedulingIgnoredDuringExecution';
  const rules = [affinity?.nodeAffinity, affinity?.podAffinity, affinity?.podAntiAffinity];
  return nodeName !== undefined || nodeSelector !== undefined || rules.some((rule) => rule && required in rule);
}
