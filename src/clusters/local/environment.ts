/** The environment of a container on this machine. */
import { ProgramError } from '../../errors.ts';
import type { Container } from '../../kubernetes-rules/objects.ts';
import type { Address } from './probe-check.ts';

export interface PodIdentity extends Address {
  name: string;
  node: string;
  namespace: string;
}

/**
 * What the manifest says, over `inherited`, and the address to listen on.
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
  const env: Record<string, string> = { ...inherited, HOSTNAME: name };
  for (const variable of container.env ?? []) {
    const path = variable.valueFrom?.fieldRef?.fieldPath;
    const value = path === undefined ? variable.value : fields[path];
    if (path !== undefined && value === undefined) {
      throw new ProgramError(`env ${variable.name}: the local cluster does not know fieldPath "${path}"`, 2);
    }
    env[variable.name] = value ?? '';
  }
  if (ownPort !== undefined) return { ...env, HOST: '0.0.0.0', PORT: String(ownPort) };
  // Every pod shares one loopback address here, so the port is what tells them apart.
  return { ...env, HOST: host, PORT: String(port) };
}
