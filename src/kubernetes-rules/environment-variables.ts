/**
 * The environment variables that a manifest gives a container. Source: makeEnvironmentVariables in the kubelet
 * (pkg/kubelet/kubelet_pods.go). Since Kubernetes 1.34, any name of printable ASCII without "=" is valid, so no key of a
 * ConfigMap or a Secret is left out (KEP-4369).
 */
import {
  isPodField,
  isResourceField,
  type NodeCapacity,
  type PodFacts,
  podField,
  resourceField,
} from './downward-api.ts';
import { expandReferences } from './expansion.ts';
import type { Container } from './objects.ts';

type Data = Readonly<Record<string, string>>;
type Variable = NonNullable<Container['env']>[number];

/** The data of the ConfigMaps and the Secrets, by their names. */
export interface EnvironmentSources {
  ConfigMap: ReadonlyMap<string, Data>;
  Secret: ReadonlyMap<string, Data>;
}

/** What a container's variables can refer to. */
export interface EnvironmentContext {
  sources: EnvironmentSources;
  pod: PodFacts;
  node: NodeCapacity;
  /** The pod's containers, for resourceFieldRef. */
  containers: readonly Container[];
  /** Values that replace those of the manifest, also where later variables refer to them. */
  assigned: Data;
}

/** What a variable that a pod cannot be started with needs. */
export interface EnvironmentProblem {
  /** The field, within the container. */
  field: string;
  reason: string;
}

interface Reference {
  kind: keyof EnvironmentSources;
  name: string;
  key?: string;
  optional: boolean;
}

/**
 * The variables of the manifest: those of `envFrom`, then those of `env`, which can refer to earlier ones as $(NAME).
 * Call only if there is no problem (environmentProblems).
 */
export function environmentVariables(container: Container, context: EnvironmentContext): Record<string, string> {
  const { sources, assigned } = context;
  const result: Record<string, string> = {};
  const set = (name: string, value: string) => {
    result[name] = (Object.hasOwn(assigned, name) ? assigned[name] : undefined) ?? value;
  };
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const reference = referenceOf(configMapRef, secretRef);
    const data = reference && sources[reference.kind].get(reference.name);
    for (const [key, value] of Object.entries(data ?? {})) set(prefix + key, value);
  }
  for (const variable of container.env ?? []) {
    const value = variableValue(variable, container, context, result);
    if (value !== undefined) set(variable.name, value);
  }
  return result;
}

/** Undefined for an optional key that does not exist: the variable is then not set. */
function variableValue(
  { value = '', valueFrom }: Variable,
  container: Container,
  { sources, pod, node, containers }: EnvironmentContext,
  before: Data,
): string | undefined {
  if (value !== '' || !valueFrom) return expandReferences(value, before);
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef) return podField(fieldRef.fieldPath, pod);
  if (resourceFieldRef) {
    const { containerName } = resourceFieldRef;
    const of = containerName ? containers.find(({ name }) => name === containerName) : container;
    return resourceField(resourceFieldRef, of ?? container, node);
  }
  const reference = referenceOf(configMapKeyRef, secretKeyRef);
  return reference && sources[reference.kind].get(reference.name)?.[reference.key ?? ''];
}

/**
 * What makes the kubelet not create the container, or the API server not accept it, except for objects that are absent
 * (absentSources).
 */
export function environmentProblems(container: Container, sources: EnvironmentSources): EnvironmentProblem[] {
  const problems = (container.env ?? []).map(({ name, valueFrom }) => {
    const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom ?? {};
    const field = `env ${name}`;
    if (fieldRef && !isPodField(fieldRef.fieldPath)) {
      return { field, reason: `fieldPath "${fieldRef.fieldPath}" is not a field that a variable can have` };
    }
    if (resourceFieldRef && !isResourceField(resourceFieldRef.resource)) {
      return { field, reason: `resource "${resourceFieldRef.resource}" is not one that a variable can have` };
    }
    return { field, reason: missingKey(referenceOf(configMapKeyRef, secretKeyRef), sources) };
  });
  return problems.filter((problem): problem is EnvironmentProblem => problem.reason !== undefined);
}

function missingKey(reference: Reference | undefined, sources: EnvironmentSources): string | undefined {
  if (!reference || reference.optional) return undefined;
  const { kind, name, key = '' } = reference;
  const data = sources[kind].get(name);
  return !data || Object.hasOwn(data, key) ? undefined : `${kind} "${name}" has no key "${key}"`;
}

/** An object that variables come from, and that the input does not have. */
export interface AbsentSource {
  kind: keyof EnvironmentSources;
  name: string;
  /** The variables that come from its keys; those of `envFrom` are unknown. */
  variables: string[];
}

/** Each object that these containers need and the input does not have, once. Without it on the cluster no pod starts. */
export function absentSources(containers: readonly Container[], sources: EnvironmentSources): AbsentSource[] {
  const absent = new Map<string, AbsentSource>();
  const note = (reference: Reference | undefined, variables: string[]) => {
    if (!reference || reference.optional || sources[reference.kind].has(reference.name)) return;
    const { kind, name } = reference;
    const known = absent.get(`${kind}/${name}`)?.variables ?? [];
    absent.set(`${kind}/${name}`, { kind, name, variables: [...new Set([...known, ...variables])] });
  };
  for (const { env = [], envFrom = [] } of containers) {
    for (const { configMapRef, secretRef } of envFrom) note(referenceOf(configMapRef, secretRef), []);
    for (const { name, valueFrom } of env) {
      note(referenceOf(valueFrom?.configMapKeyRef, valueFrom?.secretKeyRef), [name]);
    }
  }
  return [...absent.values()];
}

type WrittenReference = { name: string; key?: string; optional?: boolean | undefined } | undefined;

function referenceOf(configMap: WrittenReference, secret: WrittenReference): Reference | undefined {
  const written = configMap ?? secret;
  if (!written) return undefined;
  const { name, key, optional = false } = written;
  return { kind: configMap ? 'ConfigMap' : 'Secret', name, ...(key === undefined ? {} : { key }), optional };
}
