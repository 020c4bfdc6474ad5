/** What the check skipped or could not judge, one line each. */
import { stopSignalNote } from '../kubernetes-rules/stop-signal.ts';
import type { LocatedObject } from './located-object.ts';
import type { CheckedObject } from './objects.ts';
import { carriesNoRequests } from './service-ports.ts';
import type { Context, Workload } from './workload.ts';

/** Kinds with pods that no rollout replaces. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  CronJob: 'its pods run to their end, and no rollout replaces them',
  Job: 'its pods run to their end, and no rollout replaces them',
  Pod: 'nothing replaces a bare pod, so each change of it is an outage',
  ReplicaSet: 'it does not replace its pods when its template changes; a Deployment does',
  ReplicationController: 'it does not replace its pods when its template changes; a Deployment does',
};

/** @param kinds the number of objects of each kind in the input */
export function leftOutNotes(kinds: ReadonlyMap<string, number>): string[] {
  return [...kinds].flatMap(([kind, count]) => {
    const why = Object.hasOwn(LEFT_OUT, kind) ? LEFT_OUT[kind] : undefined;
    return why === undefined ? [] : [`${count === 1 ? kind : `${count} of kind ${kind}`}: left out: ${why}.`];
  });
}

export function workloadNotes(workloads: readonly { workload: Workload; context: Context }[]): string[] {
  const named = (select: (workload: Workload, context: Context) => boolean) =>
    workloads.filter(({ workload, context }) => select(workload, context)).map(({ workload }) => workload.name);
  const isIdle = ({ isOff, containers }: Workload) => !isOff && !containers.some(({ serves }) => serves);
  const isDaemonSet = ({ object }: Workload) => object.value.kind === 'DaemonSet';
  const signals = workloads.flatMap(({ workload }) =>
    workload.containers.flatMap(({ container }) => stopSignalNote(container) ?? []),
  );
  return [
    ...about(
      named(({ isOff }) => isOff),
      'has 0 replicas: it is switched off, and nothing about its pods was checked.',
    ),
    ...about(
      named((workload, { inputHasServices }) => isIdle(workload) && inputHasServices),
      'no Service here selects it, or only one for metrics: rules about traffic were skipped.',
    ),
    ...about(
      named((workload, { inputHasServices }) => isIdle(workload) && !inputHasServices && isDaemonSet(workload)),
      'no Service here selects it, so its ports are taken for its own nodes: rules about traffic were skipped.',
    ),
    ...about(
      named((workload, { inputHasServices }) => isIdle(workload) && !inputHasServices && !isDaemonSet(workload)),
      'no Service here selects it, and it declares no port for requests: rules about traffic were skipped.',
    ),
    ...about(
      named(({ controller }) => controller === 'Argo Rollouts'),
      'Argo Rollouts replaces its pods: the pod template was checked, the steps of its strategy were not.',
    ),
    ...about(
      named(({ controller }) => controller === 'Knative'),
      'Knative sets the replicas, the probe, the preStop hook and the grace period: only what the containers run was checked.',
    ),
    ...signals,
  ];
}

function about(names: readonly string[], what: string): string[] {
  return names.length === 0 ? [] : [`${names.join(', ')}: ${what}`];
}

/**
 * Services that select no pods of the input although it has workloads in their namespace: a misspelt label, or pods from
 * elsewhere. Only a label that no template has is noticed.
 */
export function strandedServiceNotes(objects: readonly LocatedObject<CheckedObject>[]): string[] {
  const here = ({ metadata }: CheckedObject) => metadata.namespace ?? 'default';
  const labelled = new Map<string, Set<string>>();
  for (const { value } of objects) {
    const labels = 'spec' in value && 'template' in value.spec ? labelsOf(value.spec.template) : undefined;
    if (labels === undefined) continue;
    const known = labelled.get(here(value)) ?? new Set();
    labelled.set(here(value), known);
    for (const [key, label] of Object.entries(labels)) known.add(`${key}: ${label}`);
  }
  return objects.flatMap(({ value }) => {
    if (value.kind !== 'Service' || value.apiVersion !== 'v1' || carriesNoRequests(value)) return [];
    const known = labelled.get(here(value));
    const label = Object.entries(value.spec.selector ?? {})
      .map(([key, text]) => `${key}: ${text}`)
      .find((text) => known && !known.has(text));
    return label === undefined
      ? []
      : [`Service "${value.metadata.name}": no pod template here has its label ${label}.`];
  });
}

function labelsOf(template: unknown): Readonly<Record<string, string>> | undefined {
  return (template as { metadata?: { labels?: Record<string, string> } } | undefined)?.metadata?.labels;
}

/** Rollouts whose template is that of a workload which is not in the input. */
export function missingTemplateNotes(objects: readonly LocatedObject<CheckedObject>[]): string[] {
  return objects.flatMap(({ value }) => {
    if (value.kind !== 'Rollout' || value.spec.template || !value.spec.workloadRef) return [];
    const { kind, name } = value.spec.workloadRef;
    const isHere = objects.some(
      (other) =>
        other.value.kind === kind &&
        other.value.metadata.name === name &&
        other.value.metadata.namespace === value.metadata.namespace,
    );
    return isHere
      ? []
      : [`Rollout "${value.metadata.name}": its ${kind} "${name}" is not in this input and was not checked.`];
  });
}
