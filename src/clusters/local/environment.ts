/** The environment variables of a container on this machine. */
import { availableParallelism, totalmem } from 'node:os';
import type { PodFacts } from '../../kubernetes-rules/downward-api.ts';
import { type EnvironmentSources, environmentVariables } from '../../kubernetes-rules/environment-variables.ts';
import type { Container } from '../../kubernetes-rules/objects.ts';

type Variables = Readonly<Record<string, string>>;

export interface EnvironmentInput {
  pod: PodFacts;
  sources: EnvironmentSources;
  /** All containers of the pod. */
  containers: readonly Container[];
  /** What the image would set. */
  inherited: Variables;
  /** Variables that the manifest can replace. */
  preset: Variables;
  /** Variables that replace those of the manifest, such as the port that the server must listen on here. */
  assigned: Variables;
}

/**
 * The variables of the manifest on top of the inherited ones. References in a value are expanded if they name a variable
 * earlier in the list, and no others: in Kubernetes, `inherited` would be part of the image, and this cluster does not
 * set Service variables.
 */
export function environment(container: Container, input: EnvironmentInput): Record<string, string> {
  const { pod, sources, containers, inherited, preset, assigned } = input;
  const node = { cpu: availableParallelism(), memory: totalmem() };
  const listed = environmentVariables(container, { sources, pod, node, containers, assigned });
  return { ...inherited, HOSTNAME: pod.name, ...preset, ...listed, ...assigned };
}
