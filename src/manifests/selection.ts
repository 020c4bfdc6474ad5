/** Which workload of an input is rolled out, and which Service its requests are sent to. Pure. */
import { InputError } from '../errors.ts';
import { largest } from '../extremes.ts';
import type { WorkloadKind } from '../kubernetes-rules/objects.ts';
import type { KubernetesObject } from '../kubernetes-rules/written-objects.ts';
import { printable } from '../printable.ts';
import { isCalled } from './callers.ts';
import {
  type FoundService,
  type FoundWorkload,
  type InputObjects,
  inputObjects,
  isBackend,
  otherWorkloads,
  servicesOf,
} from './input-objects.ts';
import { nameOf } from './placed-objects.ts';
import { httpRank } from './spoken-protocol.ts';

/** What the user chose. Everything else follows from the input. */
export interface Choice {
  workload?: { kind: WorkloadKind; name: string } | undefined;
  /** The name of a Service. */
  service?: string | undefined;
  /** The namespace of the workload. */
  namespace?: string | undefined;
  /** Measure as if a Service selected the pods: its targetPort, or undefined for the only port that is declared. */
  assumedService?: { targetPort: number | string | undefined } | undefined;
}

export interface Selection {
  workload: FoundWorkload;
  /** Undefined if no Service of the input selects the workload's pods. */
  service: FoundService | undefined;
  /** Why this workload and this Service, if there were others to choose from. */
  notes: string[];
}

/** How many candidates a message names. */
const MAX_NAMED = 10;

/** @throws InputError of one line that lists the candidates if the choice is not clear */
export function select(objects: readonly KubernetesObject[], choice: Choice, source: string): Selection {
  const input = inputObjects(objects);
  const { workload, why } = selectWorkload(input, choice, source, objects);
  const { service, why: whyService } = selectService(workload, input, choice.service, source);
  const notes = [
    ...(why === undefined ? [] : [`rolls out ${nameOf(workload.object)}, ${why}`]),
    ...(whyService === undefined || !service ? [] : [`sends requests to ${nameOf(service.object)}, ${whyService}`]),
  ];
  return { workload, service, notes };
}

interface Reasoned {
  workload: FoundWorkload;
  why?: string;
}

function selectWorkload(
  input: InputObjects,
  { workload: named, service, namespace }: Choice,
  source: string,
  objects: readonly KubernetesObject[],
): Reasoned {
  const { workloads } = input;
  if (workloads.length === 0) throw noWorkload(objects, source);
  const meant = workloads.filter(
    (one) =>
      (namespace === undefined || one.namespace === namespace) &&
      (named === undefined || (one.kind === named.kind && one.name === named.name)),
  );
  // Whether the named Service selects its pods is checked with the Service.
  const here =
    service === undefined || meant.length === 1 ? meant : meant.filter((one) => isBehind(one, service, input));
  const [only, other] = here;
  if (!only) throw notFound({ workload: named, service, namespace }, workloads, source);
  if (!other) return { workload: only };
  for (const { why, holds } of TIERS) {
    const led = here.filter((workload) => servicesOf(workload, input.services).some((one) => holds(one, input)));
    if (led.length === 0) continue;
    const [first, second] = led;
    if (first && !second) return { workload: first, why };
    const [entrance, another] = led.filter((workload) => !isInternal(workload, input, objects));
    if (entrance && !another) return { workload: entrance, why: `${why} that no other workload calls` };
    throw severalWorkloads(led, source);
  }
  throw severalWorkloads(here, source);
}

function isBehind(workload: FoundWorkload, service: string, { services }: InputObjects): boolean {
  return servicesOf(workload, services).some(({ name }) => name === service);
}

/** Whether the settings of another workload name one of its Services, as a frontend names its backend. */
function isInternal(
  workload: FoundWorkload,
  { services }: InputObjects,
  objects: readonly KubernetesObject[],
): boolean {
  return servicesOf(workload, services).some(({ name }) => isCalled(name, workload.object, objects));
}

/**
 * From the clearest sign that users' requests arrive at a workload to the weakest. A database that is the only one with a
 * Service has to be named.
 */
const TIERS: { why: string; holds(service: FoundService, input: InputObjects): boolean }[] = [
  {
    why: 'the only one that an Ingress or a route leads to',
    holds: (service, { backends }) => isBackend(service, backends) && rankOf(service) > 0,
  },
  {
    why: 'the only one behind a Service of type LoadBalancer or NodePort',
    holds: (service) => ['LoadBalancer', 'NodePort'].includes(String(service.spec.type)) && rankOf(service) > 0,
  },
  { why: 'the only one with a Service for HTTP', holds: (service) => rankOf(service) >= 2 },
  { why: 'the only one with a Service for TLS or gRPC', holds: (service) => rankOf(service) === 1 },
];

/** The rank of the port that gets the requests. */
function rankOf({ spec: { ports = [] } }: FoundService): number {
  return largest(ports.map(httpRank), -1);
}

function noWorkload(objects: readonly KubernetesObject[], source: string): InputError {
  const others = otherWorkloads(objects);
  const hint = others.length === 0 ? '' : `; run does not roll out: ${others.join(', ')}`;
  return new InputError(`${source}: needs a Deployment, StatefulSet or DaemonSet, has none${hint}`);
}

function severalWorkloads(found: readonly FoundWorkload[], source: string): InputError {
  return new InputError(`${source}: several workloads: choose one with ${asFlags(found)}`);
}

function notFound(
  { workload, service, namespace }: Choice,
  workloads: readonly FoundWorkload[],
  source: string,
): InputError {
  const flags = [
    ...(workload === undefined ? [] : [flagOf(workload)]),
    ...(service === undefined ? [] : [`--service ${service}`]),
    ...(namespace === undefined ? [] : [`--namespace ${namespace}`]),
  ].join(' ');
  return new InputError(printable(`${flags}: ${source} has no such workload; it has ${asFlags(workloads)}`));
}

/** `--deployment shop`; with its namespace if another has the same name. */
function asFlags(found: readonly FoundWorkload[]): string {
  const flags = found.slice(0, MAX_NAMED).map((one) => {
    const twice = found.filter((other) => flagOf(other) === flagOf(one)).length > 1;
    return twice ? `${flagOf(one)} --namespace ${one.namespace}` : flagOf(one);
  });
  const more = found.length > MAX_NAMED ? ` and ${found.length - MAX_NAMED} more` : '';
  return `${printable(flags.join(', '))}${more}`;
}

function flagOf({ kind, name }: { kind: string; name: string }): string {
  return `--${kind.toLowerCase()} ${name}`;
}

/**
 * The named Service; else the one behind a route, else the only one with a cluster IP, else any of those that lead to
 * the same port in the same way.
 */
function selectService(
  workload: FoundWorkload,
  { services, backends }: InputObjects,
  named: string | undefined,
  source: string,
): { service: FoundService | undefined; why?: string } {
  const selecting = servicesOf(workload, services);
  if (named !== undefined) {
    const service = selecting.find(({ name }) => name === named);
    if (service) return { service };
    const names = selecting.length === 0 ? 'none does' : `these do: ${namesOf(selecting)}`;
    throw new InputError(
      `--service ${named}: no Service of that name in ${source} selects the pods of ${nameOf(workload.object)}; ${names}`,
    );
  }
  const best = largest(selecting.map(rankOf), 1);
  const steps: [why: string, (service: FoundService) => boolean][] = [
    ['behind an Ingress or a route', (service) => isBackend(service, backends)],
    ['whose port is the likeliest for HTTP', (service) => rankOf(service) === best],
    ['the only one with a cluster IP', ({ spec }) => spec.clusterIP !== 'None'],
  ];
  let left = selecting;
  for (const [why, holds] of steps) {
    if (left.length <= 1) break;
    const better = left.filter(holds);
    const [service] = better;
    if (service && better.length === 1) return { service, why };
    if (better.length > 0) left = better;
  }
  const [service] = left;
  if (left.length <= 1) return { service };
  if (service && new Set(left.map(routing)).size === 1) {
    return { service, why: `which leads to the same port as ${namesOf(left.slice(1))}` };
  }
  throw new InputError(
    `${source}: several Services select the pods of ${nameOf(workload.object)}: choose one with --service: ${namesOf(left)}`,
  );
}

/** What makes a difference to requests that reach the pods through this Service. */
function routing({ spec }: FoundService): string {
  const { ports = [], sessionAffinity = 'None', externalTrafficPolicy = 'Cluster' } = spec;
  const { publishNotReadyAddresses = false, internalTrafficPolicy = 'Cluster', clusterIP } = spec;
  const targets = ports.filter((port) => httpRank(port) > 0).map(({ port, targetPort }) => targetPort ?? port);
  const settings = [sessionAffinity, externalTrafficPolicy, publishNotReadyAddresses, internalTrafficPolicy];
  return JSON.stringify([[...new Set(targets)].sort(), settings, clusterIP === 'None']);
}

function namesOf(services: readonly FoundService[]): string {
  return printable(services.map(({ name }) => name).join(', '));
}
