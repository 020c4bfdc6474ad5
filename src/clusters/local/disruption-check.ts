/** Which disruptions make sense for which workload on the local cluster. */
import { InputError } from '../../errors.ts';
import { budgetStatus } from '../../kubernetes-rules/disruption-budget.ts';
import { progressDeadlineSeconds } from '../../kubernetes-rules/progress-deadline.ts';
import { effectiveStrategy } from '../../kubernetes-rules/rounding.ts';
import { matchesSelector } from '../../kubernetes-rules/selectors.ts';
import { PodDisruptionBudget } from '../../kubernetes-rules/written-objects.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import type { PlannedDisruption } from '../../trace/disruption.ts';

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
  const named = `${workload.kind} "${workload.metadata.name}"`;
  const refuse = (flag: string, why: string): never => {
    throw new InputError(`--event ${flag}: ${source}: ${why}`);
  };
  switch (planned.kind) {
    case 'scale-down': {
      const flag = `scale-down=${planned.replicas}`;
      if (workload.kind === 'DaemonSet') refuse(flag, `${named} has no replicas; it runs one pod per node`);
      if (planned.replicas >= replicas) {
        refuse(flag, `${named} has ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}; name a lower number`);
      }
      return;
    }
    case 'drain': {
      const flag = `drain=${planned.node}`;
      if (!nodes.includes(planned.node)) refuse(flag, `the local cluster has the nodes ${nodes.join(' and ')}`);
      if (workload.kind === 'DaemonSet') refuse(flag, `a drain leaves the pods of ${named} where they are`);
      if (placesPods(workload.spec.template.spec)) {
        refuse(flag, `${named} has rules about its nodes, which the local cluster does not follow; drain a real node`);
      }
      assertEvictable(manifests, flag, replicas);
      return;
    }
    case 'evict':
      assertEvictable(manifests, 'evict', replicas);
      return;
    case 'bad-version':
      if (progressDeadlineSeconds(workload) === Number.POSITIVE_INFINITY) {
        refuse(
          'bad-version',
          `${named} has no progress deadline, so nothing ends the wait; set progressDeadlineSeconds`,
        );
      }
      return;
    default:
      return;
  }
}

/** If all pods are healthy and the budget still allows no eviction, it never will. */
function assertEvictable(manifests: Manifests, flag: string, replicas: number): void {
  const healthy = Array.from({ length: replicas }, () => ({ running: true, ready: true, terminating: false }));
  for (const budget of budgetsOf(manifests)) {
    const { disruptionsAllowed, desiredHealthy } = budgetStatus(budget, replicas, healthy);
    if (disruptionsAllowed > 0) continue;
    throw new InputError(
      `--event ${flag}: ${manifests.source}: PodDisruptionBudget "${budget.metadata.name}" needs ${desiredHealthy} of ${replicas} pods, so every eviction is refused and kubectl drain waits forever; allow one, for example with maxUnavailable: 1`,
    );
  }
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
