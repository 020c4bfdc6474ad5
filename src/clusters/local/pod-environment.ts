/** What a pod knows about itself, and where its containers listen. */
import type { PodFacts } from '../../kubernetes-rules/downward-api.ts';
import type { Workload } from '../../kubernetes-rules/objects.ts';
import type { PodRecord } from '../../trace/cluster-record.ts';
import type { ContainerSpec } from './container-spec.ts';
import type { EnvironmentInput } from './environment.ts';
import type { PodSpec } from './pod-spec.ts';
import type { Address } from './probe-check.ts';

/** The labels that a controller adds to those of the template. */
export function controllerLabels(
  { kind, metadata }: Workload,
  pod: string,
  generation: PodRecord['generation'],
): Record<string, string> {
  const revision = { 'controller-revision-hash': `${metadata.name}-${generation}` };
  switch (kind) {
    case 'Deployment':
      return { 'pod-template-hash': generation };
    case 'StatefulSet': {
      const index = pod.slice(pod.lastIndexOf('-') + 1);
      return { ...revision, 'statefulset.kubernetes.io/pod-name': pod, 'apps.kubernetes.io/pod-index': index };
    }
    case 'DaemonSet':
      return { ...revision, 'pod-template-generation': generation === 'old' ? '1' : '2' };
  }
}

export interface PodPlace extends Address {
  /** Each other container port, and the port of this machine that leads to it; only in the network of this machine. */
  otherPorts: ReadonlyMap<number, number>;
  /** Its containers share a network that other pods cannot reach. */
  ownNetwork: boolean;
}

/**
 * In the network of this machine, PORT is the port to listen on, and PORT_n the port of this machine for container port
 * n. In a network of its own, a container listens on the port that the manifest names.
 */
export function listening(
  { manifest, serves }: ContainerSpec,
  { servedPort, ownPort }: PodSpec,
  { host, port, otherPorts, ownNetwork }: PodPlace,
): Pick<EnvironmentInput, 'preset' | 'assigned'> {
  const declared = manifest.ports?.[0]?.containerPort;
  if (ownNetwork) {
    const inside = serves ? (ownPort ?? servedPort) : declared;
    const variables = { HOST: '0.0.0.0', ...(inside === undefined ? {} : { PORT: String(inside) }) };
    // Who gives --port says that the command listens there, whatever the manifest says.
    return serves && ownPort !== undefined ? { preset: {}, assigned: variables } : { preset: variables, assigned: {} };
  }
  const here = serves ? port : otherPorts.get(declared ?? 0);
  return {
    preset: Object.fromEntries([...otherPorts].map(([number, other]) => [`PORT_${number}`, String(other)])),
    assigned: { HOST: host, ...(here === undefined ? {} : { PORT: String(here) }) },
  };
}

/** All pods share one loopback address here. */
export function podFacts(
  { labels, annotations, serviceAccount }: PodSpec,
  pod: { uid: string; name: string; node: string; namespace: string; host: string },
  added: Readonly<Record<string, string>>,
): PodFacts {
  const { uid, name, node, namespace, host } = pod;
  return {
    uid,
    name,
    node,
    namespace,
    labels: { ...labels, ...added },
    annotations,
    serviceAccount,
    podIP: host,
    hostIP: host,
  };
}
