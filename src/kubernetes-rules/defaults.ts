/**
 * The API server's defaults for the fields that this program reads.
 * Source: pkg/apis/apps/v1/defaults.go, pkg/apis/core/v1/defaults.go and pkg/apis/autoscaling/v2/defaults.go in
 * Kubernetes 1.34.
 */
import type {
  Container,
  DaemonSet,
  DaemonSetLimits,
  Deployment,
  DeploymentLimits,
  HttpGet,
  LifecycleHandler,
  PodSpec,
  Probe,
  Service,
  ServicePort,
  StatefulSet,
  StatefulSetLimits,
  UpdateStrategy,
  Workload,
} from './objects.ts';
import type * as Written from './written-objects.ts';

export const DEPLOYMENT_LIMITS: DeploymentLimits = { maxSurge: '25%', maxUnavailable: '25%' };
/** Only with the feature gate MaxUnavailableStatefulSet can maxUnavailable be anything but 1. */
export const STATEFUL_SET_LIMITS: StatefulSetLimits = { partition: 0, maxUnavailable: 1 };
export const DAEMON_SET_LIMITS: DaemonSetLimits = { maxSurge: 0, maxUnavailable: 1 };

export const DEFAULT_PROGRESS_DEADLINE_SECONDS = 600;

export function withDefaults(workload: Written.Workload): Workload {
  switch (workload.kind) {
    case 'Deployment':
      return deploymentWithDefaults(workload);
    case 'StatefulSet':
      return statefulSetWithDefaults(workload);
    case 'DaemonSet':
      return daemonSetWithDefaults(workload);
  }
}

export function deploymentWithDefaults(deployment: Written.Deployment): Deployment {
  const { spec } = deployment;
  return {
    ...deployment,
    spec: {
      ...spec,
      replicas: spec.replicas ?? 1,
      minReadySeconds: spec.minReadySeconds ?? 0,
      progressDeadlineSeconds: spec.progressDeadlineSeconds ?? DEFAULT_PROGRESS_DEADLINE_SECONDS,
      strategy: strategyWithDefaults(spec.strategy, DEPLOYMENT_LIMITS),
      template: templateWithDefaults(spec.template),
    },
  };
}

function statefulSetWithDefaults(statefulSet: Written.StatefulSet): StatefulSet {
  const { spec } = statefulSet;
  return {
    ...statefulSet,
    spec: {
      ...spec,
      replicas: spec.replicas ?? 1,
      minReadySeconds: spec.minReadySeconds ?? 0,
      podManagementPolicy: spec.podManagementPolicy || 'OrderedReady',
      updateStrategy: strategyWithDefaults(spec.updateStrategy, STATEFUL_SET_LIMITS),
      template: templateWithDefaults(spec.template),
    },
  };
}

function daemonSetWithDefaults(daemonSet: Written.DaemonSet): DaemonSet {
  const { spec } = daemonSet;
  return {
    ...daemonSet,
    spec: {
      ...spec,
      minReadySeconds: spec.minReadySeconds ?? 0,
      updateStrategy: strategyWithDefaults(spec.updateStrategy, DAEMON_SET_LIMITS),
      template: templateWithDefaults(spec.template),
    },
  };
}

interface WrittenStrategy<Limits> {
  type?: string | undefined;
  rollingUpdate?: { [Field in keyof Limits]?: Limits[Field] | undefined } | undefined;
}

function strategyWithDefaults<Limits extends object>(
  written: WrittenStrategy<Limits> | undefined,
  limits: Limits,
): UpdateStrategy<Limits> {
  const type = written?.type || 'RollingUpdate';
  const given = present(written?.rollingUpdate ?? {});
  if (type === 'RollingUpdate') return { ...written, type, rollingUpdate: { ...limits, ...given } };
  return { ...written, type, rollingUpdate: written?.rollingUpdate && (given as Limits) };
}

/** Drops fields that are present but undefined, because they would override a default. */
function present(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function templateWithDefaults(template: Written.Deployment['spec']['template']) {
  return { ...template, spec: podWithDefaults(template.spec) };
}

export function podWithDefaults({ initContainers, ...pod }: Written.PodSpec): PodSpec {
  return {
    ...pod,
    terminationGracePeriodSeconds: pod.terminationGracePeriodSeconds ?? 30,
    restartPolicy: pod.restartPolicy || 'Always',
    ...(initContainers && { initContainers: initContainers.map(containerWithDefaults) }),
    containers: pod.containers.map(containerWithDefaults) as PodSpec['containers'], // the schema has at least one
  };
}

export function containerWithDefaults(container: Written.Container): Container {
  const { ports, lifecycle, startupProbe, readinessProbe, livenessProbe, resources, ...rest } = container;
  return {
    ...rest,
    ...(resources && { resources: { ...resources, requests: { ...resources.limits, ...resources.requests } } }),
    ...(ports && { ports: ports.map((port) => ({ ...port, protocol: port.protocol || 'TCP' })) }),
    ...(lifecycle && { lifecycle: lifecycleWithDefaults(lifecycle) }),
    ...(startupProbe && { startupProbe: probeWithDefaults(startupProbe) }),
    ...(readinessProbe && { readinessProbe: probeWithDefaults(readinessProbe) }),
    ...(livenessProbe && { livenessProbe: probeWithDefaults(livenessProbe) }),
  };
}

function lifecycleWithDefaults(lifecycle: NonNullable<Written.Container['lifecycle']>) {
  const { postStart, preStop, ...rest } = lifecycle;
  return {
    ...rest,
    ...(postStart && { postStart: handlerWithDefaults(postStart) }),
    ...(preStop && { preStop: handlerWithDefaults(preStop) }),
  };
}

function handlerWithDefaults({ httpGet, ...handler }: Written.LifecycleHandler): LifecycleHandler {
  return { ...handler, ...(httpGet && { httpGet: httpGetWithDefaults(httpGet) }) };
}

/** The API server replaces 0 by the default too. The initial delay's default is 0. */
export function probeWithDefaults({ httpGet, ...probe }: Written.Probe): Probe {
  return {
    ...probe,
    ...(httpGet && { httpGet: httpGetWithDefaults(httpGet) }),
    initialDelaySeconds: probe.initialDelaySeconds ?? 0,
    timeoutSeconds: probe.timeoutSeconds || 1,
    periodSeconds: probe.periodSeconds || 10,
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
  };
}

function httpGetWithDefaults(httpGet: Written.HttpGet): HttpGet {
  return { ...httpGet, path: httpGet.path || '/', scheme: httpGet.scheme || 'HTTP' };
}

/** @param service has at least one port, as every Service with a selector and a cluster IP does */
export function serviceWithDefaults(service: Written.Service): Service {
  const ports = servicePortsWithDefaults(service.spec.ports ?? []) as Service['spec']['ports'];
  return { ...service, spec: { ...service.spec, ports } };
}

export function servicePortsWithDefaults(ports: NonNullable<Written.Service['spec']['ports']>): ServicePort[] {
  return ports.map((port) => ({
    ...port,
    protocol: port.protocol || 'TCP',
    targetPort: port.targetPort || port.port,
  }));
}

/** The lower limit for the number of pods that a HorizontalPodAutoscaler sets. */
export function minReplicasOf(autoscaler: { minReplicas?: number | undefined }): number {
  return autoscaler.minReplicas ?? 1;
}
