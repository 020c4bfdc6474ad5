/** Reads the workload and the Service of a trial from YAML or from objects. */
import * as z from 'zod';
import { InputError } from '../errors.ts';
import { serviceWithDefaults, withDefaults } from '../kubernetes-rules/defaults.ts';
import type { Service, Workload } from '../kubernetes-rules/objects.ts';
import { matchesLabels } from '../kubernetes-rules/selectors.ts';
import * as Written from '../kubernetes-rules/written-objects.ts';
import { printable } from '../printable.ts';
import { firstIssue } from '../schema-issue.ts';
import { assertParsable, type FieldPath, withoutNulls, yamlParts } from './yaml-documents.ts';
import { yamlObjects } from './yaml-objects.ts';

export interface Manifests {
  /** The name of the source, for messages. */
  source: string;
  /** All objects, as written. */
  objects: Written.KubernetesObject[];
  /** With the API server's defaults. */
  workload: Workload;
  /** With the API server's defaults. */
  service: Service;
}

const WORKLOADS = {
  Deployment: Written.Deployment,
  StatefulSet: Written.StatefulSet,
  DaemonSet: Written.DaemonSet,
} as const;
type WorkloadKind = keyof typeof WORKLOADS;

/** A Service that receives traffic needs a port. */
const ServiceWithPorts = Written.Service.extend({
  spec: Written.Service.shape.spec.extend({ ports: Written.Service.shape.spec.shape.ports.unwrap().min(1) }),
});

/** How many workloads a message names if there are too many. */
const MAX_NAMED = 5;

const Named = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

/** An object, and a function that gives the position of one of its fields for a message. */
interface Placed<T = unknown> {
  object: T;
  where(path: FieldPath): string;
}

/**
 * Reads a stream of YAML documents with exactly one workload and exactly one Service that selects its pods.
 * @throws InputError that names the source, the line and the invalid field
 */
export function readManifests(yaml: string, source: string): Manifests {
  const parts = yamlParts({ name: source, text: yaml });
  assertParsable(parts);
  const placed = parts.flatMap((part) =>
    [...yamlObjects(part)].map(({ value, positionOf }) => ({
      object: value,
      where: (path: FieldPath) => {
        const { line, column } = positionOf(path);
        return `${source}:${line}:${column}`;
      },
    })),
  );
  return manifestsFrom(placed, source);
}

/**
 * Like `readManifests`, for objects that do not come from YAML.
 * @throws InputError that names the source and the invalid field
 */
export function manifestsOf(objects: readonly object[], source: string): Manifests {
  return manifestsFrom(
    objects.map((object) => ({ object: withoutNulls(object), where: () => source })),
    source,
  );
}

/**
 * A copy of the manifests with a changed workload.
 * @param change takes the workload as written and returns the changed one
 * @throws InputError if the changed manifests are invalid
 */
export function withWorkload(
  { objects, workload, source }: Manifests,
  change: (written: Written.Workload) => Written.Workload,
): Manifests {
  const changed = objects.map((object) =>
    object.kind === workload.kind ? change(WORKLOADS[workload.kind].parse(object)) : object,
  );
  return manifestsOf(changed, source);
}

function manifestsFrom(placed: readonly Placed[], source: string): Manifests {
  const named = placed.map(({ object, where }): Placed<Written.KubernetesObject> => {
    const { kind } = object as { kind: string };
    return { object: parsed(Named, { object, where }, kind), where };
  });
  const workload = workloadAmong(named, source);
  const service = serviceAmong(named, source);
  if (!matchesLabels(service.spec.selector, workload.spec.template.metadata?.labels ?? {})) {
    const names = [service.metadata.name, workload.metadata.name].map(printable);
    throw new InputError(
      `${source}: Service "${names[0]}" does not select the pods of ${workload.kind} "${names[1]}": its spec.selector must match the template's labels`,
    );
  }
  return { source, objects: named.map(({ object }) => object), workload, service };
}

function workloadAmong(placed: readonly Placed<Written.KubernetesObject>[], source: string): Workload {
  const found = placed.filter(({ object }) => Object.hasOwn(WORKLOADS, object.kind));
  const [first, second] = found;
  if (!first || second) {
    const names = found.slice(0, MAX_NAMED).map(({ object }) => `${object.kind} "${object.metadata.name}"`);
    const more = found.length > MAX_NAMED ? ` and ${found.length - MAX_NAMED} more` : '';
    const has = printable(names.join(', ')) || 'none';
    throw new InputError(`${source}: needs exactly one Deployment, StatefulSet or DaemonSet, has ${has}${more}`);
  }
  const { kind, metadata } = first.object;
  return withDefaults(parsed<Written.Workload>(WORKLOADS[kind as WorkloadKind], first, `${kind} "${metadata.name}"`));
}

function serviceAmong(placed: readonly Placed<Written.KubernetesObject>[], source: string): Service {
  const found = placed.filter(({ object }) => object.kind === 'Service');
  const [first, second] = found;
  if (!first || second) throw new InputError(`${source}: needs exactly one Service, has ${found.length}`);
  return serviceWithDefaults(parsed(ServiceWithPorts, first, `Service "${first.object.metadata.name}"`));
}

/** @param what the object's name for the message */
function parsed<T>(schema: z.ZodType<T>, { object, where }: Placed, what: string): T {
  const result = schema.safeParse(object);
  if (result.success) return result.data;
  const path = (result.error.issues[0]?.path ?? []) as FieldPath;
  throw new InputError(printable(`${where(path)}: ${what}: ${firstIssue(result.error)}`));
}
