/** The ports of a pod that something connects to. On one machine each pod needs a port of its own for each of them. */
import { lastingContainers } from './init-containers.ts';
import type { Container, PodSpec, Probe, Service } from './objects.ts';

export interface PodPorts {
  /** The container port that the Service sends traffic to. */
  served: number;
  /** The name of the container or native sidecar that declares this port; the first container's if none declares it. */
  servedBy: string;
  /** All other container ports that are declared or that a probe or hook connects to. */
  others: readonly number[];
}

/**
 * Whether the Service's name resolves to the pods' own addresses: it has no cluster IP, and kube-proxy does not route
 * to it.
 */
export function isHeadless(service: Service): boolean {
  return service.spec.clusterIP === 'None';
}

export function podPorts(pod: Pick<PodSpec, 'initContainers' | 'containers'>, service: Service): PodPorts {
  const containers = lastingContainers<Container>(pod);
  const [first] = pod.containers;
  const target = service.spec.ports[0].targetPort;
  const declaring = containers.find(({ ports = [] }) =>
    ports.some(({ name, containerPort }) => target === containerPort || target === name),
  );
  const served = resolvePort(declaring ?? first, target) ?? 0;
  const asked = containers.flatMap((container) => [
    ...(container.ports ?? []).map(({ containerPort }) => containerPort),
    ...handlersOf(container).flatMap((port) => resolvePort(container, port) ?? []),
  ]);
  return { served, servedBy: (declaring ?? first).name, others: [...new Set(asked)].filter((port) => port !== served) };
}

/**
 * The number of a container's port. Like the kubelet, looks up a name only among the ports of this container.
 * @returns undefined if the container has no port of that name
 */
export function resolvePort({ ports = [] }: Container, port: number | string | undefined): number | undefined {
  if (typeof port !== 'string') return port;
  return ports.find(({ name }) => name === port)?.containerPort;
}

/** The name of the other container of the pod whose declared port the container's preStop hook asks. */
export function askedByPreStop(container: Container, containers: readonly Container[]): string | undefined {
  const asked = container.lifecycle?.preStop?.httpGet?.port;
  const port = asked === undefined ? undefined : resolvePort(container, asked);
  const declares = ({ ports = [] }: Container) => ports.some(({ containerPort }) => containerPort === port);
  if (port === undefined || declares(container)) return undefined;
  return containers.find((other) => other.name !== container.name && declares(other))?.name;
}

/**
 * Whether a probe or a hook of the container needs its server at the port of the manifest: it connects to another port
 * than the served one, or its command names a port of the container.
 */
export function needsWrittenPorts(container: Container, served: number): boolean {
  const declared = (container.ports ?? []).map(({ containerPort }) => containerPort);
  const words = commandsOf(container).join(' ').match(/\d+/g) ?? [];
  return (
    handlersOf(container).some((port) => resolvePort(container, port) !== served) ||
    words.some((word) => [served, ...declared].includes(Number(word)))
  );
}

/** The commands of the container's probes and hooks. */
function commandsOf({ startupProbe, readinessProbe, livenessProbe, lifecycle = {} }: Container): string[] {
  const handlers = [startupProbe, readinessProbe, livenessProbe, lifecycle.preStop, lifecycle.postStart];
  return handlers.flatMap((handler) => handler?.exec?.command ?? []);
}

/** The ports that the container's probes and hooks connect to, as written. */
function handlersOf({ startupProbe, readinessProbe, livenessProbe, lifecycle = {} }: Container): (number | string)[] {
  const probes: (Probe | undefined)[] = [startupProbe, readinessProbe, livenessProbe];
  const asked = probes.flatMap((probe) => [probe?.httpGet?.port, probe?.tcpSocket?.port, probe?.grpc?.port]);
  const { preStop, postStart } = lifecycle;
  return [...asked, preStop?.httpGet?.port, postStart?.httpGet?.port].filter((port) => port !== undefined);
}
