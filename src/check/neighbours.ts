/**
 * Finds the Services, budgets and autoscalers of a workload. Uses an index, because a stream may contain thousands of
 * objects.
 */
import { matchesLabels, matchesSelector } from '../kubernetes-rules/selectors.ts';
import type { LocatedObject } from './located-object.ts';
import type { AutoscalerObject, BudgetObject, CheckedObject, ServiceObject, WorkloadObject } from './objects.ts';

export interface Neighbours {
  services: LocatedObject<ServiceObject>[];
  autoscaler?: LocatedObject<AutoscalerObject>;
  budgets: LocatedObject<BudgetObject>[];
}

/** Returns a function that finds a workload's neighbours among the objects. */
export function indexNeighbours(objects: readonly LocatedObject<CheckedObject>[]) {
  const services = new Map<string, LocatedObject<ServiceObject>[]>();
  const budgets = new Map<string, LocatedObject<BudgetObject>[]>();
  const autoscalers = new Map<string, LocatedObject<AutoscalerObject>>();
  for (const object of objects) {
    const { value } = object;
    if (value.kind === 'Service') {
      put(services, firstLabel(value, value.spec.selector), { ...object, value });
    } else if (value.kind === 'PodDisruptionBudget') {
      put(budgets, firstLabel(value, value.spec.selector?.matchLabels), { ...object, value });
    } else if (value.kind === 'HorizontalPodAutoscaler') {
      const { kind, name } = value.spec.scaleTargetRef;
      autoscalers.set(`${namespace(value)}/${kind}/${name}`, { ...object, value });
    }
  }
  return ({ kind, metadata, spec }: WorkloadObject): Neighbours => {
    const labels = spec.template.metadata?.labels ?? {};
    const here = namespace({ metadata });
    const keys = [here, ...Object.entries(labels).map(([key, value]) => `${here}/${key}=${value}`)];
    const among = <T>(index: Map<string, T[]>): T[] => keys.flatMap((key) => index.get(key) ?? []);
    const autoscaler = autoscalers.get(`${here}/${kind}/${metadata.name}`);
    return {
      services: among(services).filter(({ value }) => matchesLabels(value.spec.selector, labels)),
      budgets: among(budgets).filter(({ value }) => matchesSelector(value.spec.selector ?? {}, labels)),
      ...(autoscaler && { autoscaler }),
    };
  };
}

/** The index key of a selector: its namespace and its first label, which every pod that it selects has. */
function firstLabel(object: { metadata: CheckedObject['metadata'] }, labels: Record<string, string> = {}): string {
  const [first] = Object.entries(labels);
  return first ? `${namespace(object)}/${first[0]}=${first[1]}` : namespace(object);
}

function namespace({ metadata }: { metadata: CheckedObject['metadata'] }): string {
  return metadata.namespace ?? 'default';
}

function put<T>(index: Map<string, T[]>, key: string, item: T): void {
  const items = index.get(key);
  if (items) items.push(item);
  else index.set(key, [item]);
}
