/**
 * The objects of a cluster in the form that the check reads: workloads with the specs of their running pods, which
 * admission may have changed.
 */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { EnvironmentError } from '../errors.ts';
import { matchesSelector } from '../kubernetes-rules/selectors.ts';
import { Labels, PodSpec } from '../kubernetes-rules/written-objects.ts';
import { firstIssue } from '../schema-issue.ts';
import type { LocatedObject } from './located-object.ts';
import { type AppsWorkload, type AutoscalerObject, type CheckedObject, SCHEMAS } from './objects.ts';
import { writtenReplicas } from './written-replicas.ts';

const Pod = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    labels: Labels.optional(),
    creationTimestamp: z.string(),
    deletionTimestamp: z.string().optional(),
  }),
  spec: PodSpec,
});
type Pod = z.infer<typeof Pod>;

export interface LiveObjects {
  objects: LocatedObject<CheckedObject>[];
  /** How running pods differ from their workloads, one line each. */
  notes: string[];
}

/**
 * Each workload with the spec of its youngest pod instead of its template's, because that is what runs.
 * @param context the source that findings name
 * @throws EnvironmentError for an object that does not have the form of a Kubernetes object
 */
export function liveObjects(listed: readonly unknown[], pods: readonly unknown[], context: string): LiveObjects {
  const read = <T>(schema: z.ZodType<T>, item: unknown): T => asServed(schema, item, context);
  const running = pods.map((pod) => read(Pod, pod)).filter(({ metadata }) => !metadata.deletionTimestamp);
  const live: LiveObjects = { objects: [], notes: [] };
  const known = listed.flatMap((item) => {
    const { apiVersion, kind } = read(z.looseObject({ apiVersion: z.string(), kind: z.string() }), item);
    const schema = SCHEMAS.get(`${apiVersion} ${kind}`);
    return schema ? [{ item, value: read(schema, item) }] : [];
  });
  const autoscaled = new Set(known.flatMap(({ value }) => (isAutoscaler(value) ? [targetOf(value)] : [])));
  for (const { item, value } of known) {
    const { object, note } = isWorkload(value)
      ? asItRuns(autoscaled.has(identity(value)) ? asWritten(value, item) : value, running)
      : { object: value };
    live.objects.push({ source: context, value: object, locate: () => undefined });
    if (note !== undefined) live.notes.push(note);
  }
  return live;
}

/** @throws EnvironmentError for an object that does not have the form of a Kubernetes object */
function asServed<T>(schema: z.ZodType<T>, item: unknown, context: string): T {
  const result = schema.safeParse(item);
  if (result.success) return result.data;
  const { kind, metadata } = item as { kind?: unknown; metadata?: { name?: unknown } };
  throw new EnvironmentError(
    `${context}: its ${kind} "${metadata?.name}" does not have the form of a Kubernetes object: ${firstIssue(result.error)}`,
  );
}

function isWorkload(object: CheckedObject): object is AppsWorkload {
  return object.apiVersion === 'apps/v1';
}

function isAutoscaler(object: CheckedObject): object is AutoscalerObject {
  return object.kind === 'HorizontalPodAutoscaler' || object.kind === 'ScaledObject';
}

function identity({ kind, metadata }: AppsWorkload): string {
  return `${metadata.namespace}/${kind}/${metadata.name}`;
}

function targetOf({ metadata, spec }: AutoscalerObject): string {
  return `${metadata.namespace}/${spec.scaleTargetRef.kind ?? 'Deployment'}/${spec.scaleTargetRef.name}`;
}

/** With the replicas that its manifest sets, if any, because the live ones may be the autoscaler's. */
function asWritten(workload: AppsWorkload, item: unknown): AppsWorkload {
  const { replicas: _, ...spec } = workload.spec;
  const replicas = writtenReplicas(item);
  return { ...workload, spec: { ...spec, ...(replicas !== undefined && { replicas }) } };
}

function asItRuns(workload: AppsWorkload, pods: readonly Pod[]): { object: AppsWorkload; note?: string } {
  const { spec, metadata, kind } = workload;
  const pod = pods
    .filter((candidate) => candidate.metadata.namespace === metadata.namespace)
    .filter((candidate) => matchesSelector(spec.selector, candidate.metadata.labels ?? {}))
    .toSorted((a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp))[0];
  if (!pod) return { object: workload };
  // The scheduler set the pod's node; only the template says whether all pods must be on one.
  const podSpec = { ...pod.spec, nodeName: spec.template.spec.nodeName };
  // Spread over a union type: the kind does not change.
  const object = { ...workload, spec: { ...spec, template: { ...spec.template, spec: podSpec } } } as AppsWorkload;
  const changed = differences(spec.template.spec, pod.spec);
  if (changed.length === 0) return { object };
  return {
    object,
    note: `${kind} "${metadata.name}": its pod ${pod.metadata.name} differs from the template (${changed.join(', ')}): the pod was checked.`,
  };
}

const COMPARED = ['terminationGracePeriodSeconds', 'shareProcessNamespace', 'hostNetwork'] as const;
const COMPARED_OF_CONTAINERS = ['image', 'command', 'args', 'lifecycle', 'readinessProbe', 'ports'] as const;

/** The differences in fields that the check reads, as text. */
function differences(template: PodSpec, pod: PodSpec): string[] {
  const names = (spec: PodSpec) => spec.containers.map(({ name }) => name);
  const added = names(pod).filter((name) => !names(template).includes(name));
  const removed = names(template).filter((name) => !names(pod).includes(name));
  const changed = template.containers.flatMap((container) => {
    const other = pod.containers.find(({ name }) => name === container.name);
    if (!other) return [];
    return COMPARED_OF_CONTAINERS.filter((field) => !isDeepStrictEqual(container[field], other[field])).map(
      (field) => `${field} of container ${container.name}`,
    );
  });
  return [
    ...added.map((name) => `container ${name} was added`),
    ...removed.map((name) => `container ${name} is missing`),
    ...COMPARED.filter((field) => template[field] !== pod[field]),
    ...changed,
  ];
}
