/** What becomes of each field and object of an input on the local cluster. */
import type { KubernetesObject } from '../../../kubernetes-rules/written-objects.ts';
import { namespaceOfUnnamed } from '../../../manifests/input-objects.ts';
import { isSame, type Manifests } from '../../../manifests/manifests.ts';
import { nameOf } from '../../../manifests/placed-objects.ts';
import { groupKind } from '../../../manifests/routes.ts';
import { fieldPath } from '../../../schema-issue.ts';
import { shortestName, UNKNOWN_FIELDS } from './field-names.ts';
import { fieldOutcomes, type Path } from './field-outcomes.ts';
import { kindPolicy } from './kinds.ts';
import { NAMESPACE } from './metadata.ts';
import type { FieldTree, Outcome } from './policy.ts';
import { SERVICE } from './service.ts';
import { DAEMON_SET, DEPLOYMENT, STATEFUL_SET } from './workloads.ts';

/** The policies by kind. */
export const FIELDS: Readonly<Record<'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Service' | 'Namespace', FieldTree>> =
  {
    Deployment: DEPLOYMENT,
    StatefulSet: STATEFUL_SET,
    DaemonSet: DAEMON_SET,
    Service: SERVICE,
    Namespace: NAMESPACE,
  };

export interface ReportedField {
  object: KubernetesObject;
  path: Path;
  /** As messages write it: `spec.template.spec.containers[0].image`. */
  field: string;
  outcome: Outcome;
  why?: string | undefined;
  unknown?: true | undefined;
  instead?: string | undefined;
  /** For a refused field: the name to write after --assume. */
  name?: string | undefined;
}

export interface ReportedKind {
  kind: string;
  count: number;
  read?: string | undefined;
  why: string;
  leavesOut?: true | undefined;
}

export interface FieldReport {
  fields: ReportedField[];
  /** The other objects of the input, by kind. */
  others: ReportedKind[];
}

export function fieldReport(manifests: Manifests): FieldReport {
  const judged = judgedObjects(manifests);
  return {
    fields: judged.flatMap((object) => fieldsOf(object)),
    others: othersOf(manifests.objects.filter((object) => !judged.includes(object))),
  };
}

/** The selected workload and Service, and the Namespace that holds them. */
function judgedObjects({ objects, workload, service }: Manifests): KubernetesObject[] {
  const namespace = workload.metadata.namespace ?? namespaceOfUnnamed(objects);
  return objects.filter(
    (object) =>
      isSame(object, workload) ||
      isSame(object, service) ||
      (groupKind(object) === 'Namespace' && object.metadata.name === namespace),
  );
}

function fieldsOf(object: KubernetesObject): ReportedField[] {
  const tree = FIELDS[object.kind as keyof typeof FIELDS];
  return fieldOutcomes(object, tree).map((found) => ({
    ...found,
    object,
    field: fieldPath(found.path),
    ...(found.outcome === 'refused' && {
      name: found.unknown ? UNKNOWN_FIELDS : nameOfField(found.path),
    }),
  }));
}

/** By the path without indices. An input can have a million containers. */
const names = new Map<string, string>();

function nameOfField(path: Path): string {
  const key = path.filter((part) => typeof part === 'string').join('.');
  const known = names.get(key) ?? shortestName(path, Object.values(FIELDS));
  names.set(key, known);
  return known;
}

function othersOf(objects: readonly KubernetesObject[]): ReportedKind[] {
  const counts = new Map<string, number>();
  for (const object of objects) counts.set(groupKind(object), (counts.get(groupKind(object)) ?? 0) + 1);
  return [...counts].map(([key, count]) => ({ kind: key.slice(key.indexOf('/') + 1), count, ...kindPolicy(key) }));
}

/** `Deployment "shop": spec.paused` */
export function placeOf({ object, field }: Pick<ReportedField, 'object' | 'field'>): string {
  return `${nameOf(object)}: ${field}`;
}
