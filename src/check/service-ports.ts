/** Which containers of a pod serve requests, by the Services that select it or, without any, by its ports. */
import { servicePortsWithDefaults } from '../kubernetes-rules/defaults.ts';
import type { CheckedContainer, ServiceObject } from './objects.ts';
import { isHelper, isKnownHelper, isProxy } from './sidecar-images.ts';

/** Names of ports that only monitoring reads. */
const OBSERVED =
  /(^|[-_])(metrics?|prom|prometheus|health|healthz|healthcheck|probes?|liveness|readiness|ready|pprof|debug|jmx|telemetry|monitoring|exporter|stats)([-_]|$)/i;
/** Names of Services that only monitoring reads: `controller-manager-metrics-service`, `node-exporter`. */
const OBSERVED_SERVICE = /(^|-)(metrics|monitoring|exporter)(-(service|svc|headless))?$|(^|-)kube-state-metrics$/;

/**
 * Whether a Service carries no requests: it is there for metrics, by its name or the names of its ports, for UDP, or it has
 * no port at all, as a headless one may.
 */
export function carriesNoRequests({ metadata, spec }: ServiceObject): boolean {
  const ports = spec.ports ?? [];
  if (OBSERVED_SERVICE.test(metadata.name)) return true;
  return !ports.some(carriesRequests);
}

function carriesRequests({ name, targetPort, protocol }: ServicePort): boolean {
  return protocol !== 'UDP' && !OBSERVED.test(name ?? textOf(targetPort));
}

function textOf(port: number | string | undefined): string {
  return typeof port === 'string' ? port : '';
}

type ServicePort = NonNullable<ServiceObject['spec']['ports']>[number];

interface Around {
  services: readonly { value: ServiceObject }[];
  inputHasServices: boolean;
}

/**
 * Whether each container serves. Behind Services: those whose port a Service targets; if no container declares that port
 * (it need not be declared), the first one that is neither a proxy nor a helper. Without a Service in the whole input:
 * the first one that declares a port which is not only for monitoring.
 * @param containers the pod's containers and native sidecars
 */
export function servingContainers(containers: readonly CheckedContainer[], around: Around): boolean[] {
  const { services, inputHasServices } = around;
  if (services.length === 0) {
    if (inputHasServices) return containers.map(() => false);
    const helps = containers.length === 1 ? isKnownHelper : isHelper;
    const first = containers.findIndex((container) => !helps(container) && hasTrafficPort(container));
    return containers.map((_, index) => index === first);
  }
  const targets = services
    .flatMap(({ value }) => servicePortsWithDefaults(value.spec.ports ?? []))
    .filter(carriesRequests)
    .map(({ targetPort }) => targetPort);
  const targeted = containers.map(({ ports = [] }) =>
    ports.some(
      ({ containerPort, name }) => targets.includes(containerPort) || (name !== undefined && targets.includes(name)),
    ),
  );
  if (targeted.includes(true)) return targeted;
  const rank = (container: CheckedContainer) =>
    (isHelper(container) ? 4 : 0) + (isProxy(container) ? 2 : 0) + (hasTrafficPort(container) ? 0 : 1);
  const best = containers.reduce((first, container, index) => {
    const current = containers[first];
    return current && rank(container) < rank(current) ? index : first;
  }, 0);
  return containers.map((_, index) => index === best);
}

function hasTrafficPort({ ports = [] }: CheckedContainer): boolean {
  return ports.some(({ name, protocol }) => protocol !== 'UDP' && !OBSERVED.test(name ?? ''));
}
