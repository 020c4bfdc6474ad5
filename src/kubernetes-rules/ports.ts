/** Which ports of a pod somebody asks for. On one machine each of them has to be a port of its own. */
import type { Container, Probe, Service } from './objects.ts';

export interface PodPorts {
  /** The container port that the Service sends to. */
  served: number;
  /** The name of the container whose port that is; the first one's where none declares it. */
  servedBy: string;
  /** Further container ports that are declared, or that a probe or a hook asks for. */
  others: readonly number[];
}

/** Whether its name leads to the pods' own addresses, with no address of its own and no router between. */
export function isHeadless(service: Service): boolean {
  return service.spec.clusterIP === 'None';
}

/** @param containers at least one */
export function podPorts(containers: readonly Container[], service: Service): PodPorts {
  const [first] = containers as readonly [Container];
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
 * The number of a port of the container. A name is looked up in its own ports alone, as the kubelet does.
 * @returns undefined for a name that it does not have
 */
export function resolvePort({ ports = [] }: Container, port: number | string | undefined): number | undefined {
  if (typeof port !== 'string') return port;
  return ports.find(({ name }) => name === port)?.containerPort;
}

/** The ports that its probes and its hook ask for, as written. */
function handlersOf({ startupProbe, readinessProbe, livenessProbe, lifecycle }: Container): (number | string)[] {
  const handlers: (Pick<Probe, 'httpGet' | 'tcpSocket'> | undefined)[] = [startupProbe, readinessProbe, livenessProbe];
  const asked = [...handlers.flatMap((handler) => [handler?.httpGet?.port, handler?.tcpSocket?.port])];
  return [...asked, lifecycle?.preStop?.httpGet?.port].filter((port) => port !== undefined);
}
