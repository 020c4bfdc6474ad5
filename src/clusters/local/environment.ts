/** The environment of a container on this machine. */
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
 * What the manifest says, over `inherited`, and the address to listen on. A value's references to variables before it in
 * the list are replaced; no others are, as what this cluster inherits is the image's there, and it has no variables of
 * Services. Source: makeEnvironmentVariables in pkg/kubelet.
 * @param ownPort the port the server listens on whatever it is told, in a network of its own
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
  // Every pod shares one loopback address here, so the port is what tells them apart.
  const listening =
    ownPort === undefined ? { HOST: host, PORT: String(port) } : { HOST: '0.0.0.0', PORT: String(ownPort) };
  const listed: Record<string, string> = {};
  for (const variable of container.env ?? []) {
    const path = variable.valueFrom?.fieldRef?.fieldPath;
    const value = path === undefined ? expandReferences(variable.value ?? '', listed) : fields[path];
    if (path !== undefined && value === undefined) {
      throw new ProgramError(`env ${variable.name}: the local cluster does not know fieldPath "${path}"`, 2);
    }
    // A later variable that speaks of PORT must get the one that the server really listens on.
    listed[variable.name] = { ...listening }[variable.name] ?? value ?? '';
  }
  return { ...inherited, HOSTNAME: name, ...listed, ...listening };
}
