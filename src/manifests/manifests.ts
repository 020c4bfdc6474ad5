/** Reads the workload and the Service of a trial from manifests or from objects. */
import { InputError } from '../errors.ts';
import { serviceWithDefaults, withDefaults } from '../kubernetes-rules/defaults.ts';
import type { Service, Workload } from '../kubernetes-rules/objects.ts';
import * as Written from '../kubernetes-rules/written-objects.ts';
import { type AssumedService, assumedService } from './assumed-service.ts';
import { type FoundWorkload, getsRequests, inputObjects, servicesOf } from './input-objects.ts';
import { nameOf, type Placed, parsed, placedObjects, unplacedObjects } from './placed-objects.ts';
import { type Choice, select } from './selection.ts';
import { httpRank } from './spoken-protocol.ts';
import type { ManifestSource } from './yaml-documents.ts';

/** What a trial takes for granted, because the input does not say it or the cluster does not carry it out. */
export interface Assumption {
  /** The field or the object that it is about. */
  field: string;
  /** The value that is assumed; undefined: as if the field were absent. */
  value?: string | undefined;
  /** How the result may differ. */
  why: string;
}

export interface Manifests {
  /** The name of the source, for messages. */
  source: string;
  /** All objects, as written. */
  objects: Written.KubernetesObject[];
  /** With the API server's defaults. */
  workload: Workload;
  /** With the API server's defaults. The port that requests are sent to is the first. */
  service: Service;
  /** How these two were chosen, if there were others to choose from. */
  notes: readonly string[];
  assumed: readonly Assumption[];
}

const WORKLOADS = {
  Deployment: Written.Deployment,
  StatefulSet: Written.StatefulSet,
  DaemonSet: Written.DaemonSet,
} as const;

/** A Service that receives traffic needs a port. */
const ServiceWithPorts = Written.Service.extend({
  spec: Written.Service.shape.spec.extend({ ports: Written.Service.shape.spec.shape.ports.unwrap().min(1) }),
});

/** How many sources a message names. */
const MAX_SOURCES = 3;

/**
 * Reads a stream of YAML documents.
 * @throws InputError as `manifestsFromSources` does
 */
export function readManifests(yaml: string, source: string, choice: Choice = {}): Manifests {
  return manifestsFromSources([{ name: source, text: yaml }], choice);
}

/**
 * Reads sources and selects the workload to roll out and the Service in front of it.
 * @param choice what the user says about them
 * @throws InputError that names the source, the line and the invalid field, or the candidates to choose from
 */
export function manifestsFromSources(sources: readonly ManifestSource[], choice: Choice = {}): Manifests {
  const names = sources.map(({ name }) => name);
  const more = names.length > MAX_SOURCES ? ` and ${names.length - MAX_SOURCES} more` : '';
  return manifestsFrom(placedObjects(sources), `${names.slice(0, MAX_SOURCES).join(', ')}${more}`, choice);
}

/**
 * Like `readManifests`, for objects that do not come from YAML.
 * @throws InputError that names the source and the invalid field
 */
export function manifestsOf(objects: readonly object[], source: string): Manifests {
  return manifestsFrom(unplacedObjects(objects, source), source, {});
}

/**
 * A copy of the manifests with a changed workload.
 * @param change takes the workload as written and returns the changed one
 * @throws InputError if the changed workload is invalid
 */
export function withWorkload(manifests: Manifests, change: (written: Written.Workload) => Written.Workload): Manifests {
  return withObjects(manifests, (object) =>
    isSame(object, manifests.workload) ? change(WORKLOADS[manifests.workload.kind].parse(object)) : object,
  );
}

/**
 * A copy of the manifests in which the selected workload and Service, or others, are changed. What was selected stays.
 * @throws InputError if a changed object is invalid
 */
export function withObjects(
  { workload, service, source, objects, ...rest }: Manifests,
  change: (object: Written.KubernetesObject) => object,
): Manifests {
  const changed = unplacedObjects(objects.map(change), source);
  const found = (wanted: Identity) => changed.find(({ object }) => isSame(object, wanted)) as Placed; // `change` removes nothing
  return {
    ...rest,
    source,
    objects: changed.map(({ object }) => object),
    workload: readWorkload(found(workload)),
    service: readService(found(service), service.spec.ports[0].port),
  };
}

type Identity = Pick<Written.KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>;

/** Whether both are the same object of the cluster, in whatever state. */
export function isSame(one: Identity, other: Identity): boolean {
  return (
    one.apiVersion === other.apiVersion &&
    one.kind === other.kind &&
    one.metadata.name === other.metadata.name &&
    one.metadata.namespace === other.metadata.namespace
  );
}

function manifestsFrom(written: readonly Placed[], source: string, choice: Choice): Manifests {
  const { placed, notes: repeated } = latest(written);
  const objects = placed.map(({ object }) => object);
  const selection = select(objects, choice, source);
  const placeOf = (wanted: Written.KubernetesObject) => placed.find(({ object }) => object === wanted) as Placed;
  const workload = readWorkload(placeOf(selection.workload.object));
  const common = { source, workload, notes: [...repeated, ...selection.notes] };
  if (!selection.service) {
    const { service, assumption } = serviceInstead(selection.workload, workload, placed, choice, source);
    return { ...common, objects: [...objects, service.written], service: service.read, assumed: [assumption] };
  }
  const { backends } = inputObjects(objects);
  const { name, namespace } = selection.service;
  const routed = backends.find((backend) => backend.service === name && backend.namespace === namespace);
  const service = readService(placeOf(selection.service.object), routed?.port);
  return { ...common, objects, service, assumed: othersBehind(selection.workload, service, objects) };
}

/** As with `kubectl apply`, the last of several documents for one object counts. */
function latest(written: readonly Placed[]): { placed: Placed[]; notes: string[] } {
  const last = new Map<string, Placed>();
  const notes: string[] = [];
  for (const placed of written) {
    const { apiVersion, kind, metadata } = placed.object;
    const group = apiVersion.replace(/\/?[^/]*$/, '');
    const key = JSON.stringify([group, kind, metadata.namespace, metadata.name]);
    const before = last.get(key);
    if (before)
      notes.push(`${nameOf(placed.object)} is written twice: ${placed.where([])} counts, as with kubectl apply`);
    last.delete(key);
    last.set(key, placed);
  }
  return { placed: [...last.values()], notes };
}

function readWorkload(placed: Placed): Workload {
  const { kind } = placed.object;
  return withDefaults(parsed<Written.Workload>(WORKLOADS[kind as Workload['kind']], placed, nameOf(placed.object)));
}

/** @param routed the port that a route leads to, by number or name */
function readService(placed: Placed, routed: number | string | undefined): Service {
  const service = serviceWithDefaults(parsed(ServiceWithPorts, placed, nameOf(placed.object)));
  const rank = (port: Service['spec']['ports'][number]) =>
    port.protocol === 'TCP' && routed !== undefined && [port.port, port.name].includes(routed) ? 5 : httpRank(port);
  // Stable: of ports with the same rank, the first that is written.
  const ports = [...service.spec.ports].sort((a, b) => rank(b) - rank(a)) as Service['spec']['ports'];
  return { ...service, spec: { ...service.spec, ports } };
}

/** @throws InputError if nothing says that there is a Service */
function serviceInstead(
  found: FoundWorkload,
  workload: Workload,
  placed: readonly Placed[],
  choice: Choice,
  source: string,
): { service: AssumedService; assumption: Assumption } {
  const services = placed.filter(({ object }) => getsRequests(object));
  const [only] = services;
  const others = inputObjects(placed.map(({ object }) => object));
  const belongs = others.workloads.some((workload) => servicesOf(workload, others.services).length > 0);
  if (only && services.length === 1 && !belongs && choice.assumedService === undefined) {
    parsed(ServiceWithPorts, only, nameOf(only.object));
    throw new InputError(
      `${source}: ${nameOf(only.object)} does not select the pods of ${nameOf(found.object)}: its spec.selector must match the template's labels, in the same namespace; or pass --assume Service=PORT`,
    );
  }
  return assumedService(workload, choice.assumedService, source);
}

/** The other workloads whose pods the Service sends requests to; they do not run in a trial. */
function othersBehind(
  selected: FoundWorkload,
  service: Service,
  objects: readonly Written.KubernetesObject[],
): Assumption[] {
  const { workloads, services } = inputObjects(objects);
  const found = services.filter(({ object }) => isSame(object, service));
  return workloads
    .filter((workload) => workload.object !== selected.object && servicesOf(workload, found).length > 0)
    .map((workload) => ({
      field: nameOf(workload.object),
      why: `${nameOf(service)} sends requests to its pods too; only those of ${nameOf(selected.object)} run here`,
    }));
}
