/** The environment variables of a container on this machine. */
import { ProgramError } from '../../errors.ts';
import { expandReferences } from '../../kubernetes-rules/expansion.ts';
import type { Container } from '../../kubernetes-rules/objects.ts';
import type { Address } from './probe-check.ts';

export interface PodIdentity extends Address {
  name: string;
  node: string;
  namespace: string;
}

/**
 * The variables of the manifest on top of `inherited`, and the address to listen on. References in a value are expanded
 * if they name a variable earlier in the list, and no others: in Kubernetes, `inherited` would be part of the image,
 * and this cluster does not set Service variables. Source: makeEnvironmentVariables in pkg/kubelet.
 * @param ownPort the port that the server listens on regardless of PORT, in a network of its own
 * @throws ProgramError for a field reference that the local cluster does not support
 */
export function environment(
  container: Container,
  { name, node, namespace, host, port }: PodIdentity,
  inherited: Readonly<Record<string, string>>,
  ownPort: number | undefined,
): Record<string, string> {
  const fields: Record<string, string> = {
    'metadata.name': name,
    'metadata.namespace': namespace,
    'spec.nodeName': node,
    'status.podIP': host,
    'status.hostIP': host,
  };
  // All pods share one loopback address here and differ by their ports.
  const listening =
    ownPort === undefined ? { HOST: host, PORT: String(port) } : { HOST: '0.0.0.0', PORT: String(ownPort) };
  const listed: Record<string, string> = {};
  for (const variable of container.env ?? []) {
    const path = variable.valueFrom?.fieldRef?.fieldPath;
    const value = path === undefined ? expandReferences(variable.value ?? '', listed) : fields[path];
    if (path !== undefined && value === undefined) {
      throw new ProgramError(`env ${variable.name}: the local cluster does not support fieldPath "${path}"`, 2);
    }
    // Later variables that refer to PORT must get the port that the server really listens on.
    listed[variable.name] = { ...listening }[variable.name] ?? value ?? '';
  }
  return { ...inherited, HOSTNAME: name, ...listed, ...listening };
}
