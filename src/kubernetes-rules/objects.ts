/** The Kubernetes objects as the API server stores them, with its defaults applied (defaults.ts). */
import type * as Written from './written-objects.ts';

export type { IntOrPercent, Selector } from './written-objects.ts';

/** `T`, where the fields of `U` replace those of the same name. */
type With<T, U> = { [K in keyof T as K extends keyof U ? never : K]: T[K] } & U;
type Item<T> = NonNullable<T> extends (infer I)[] ? I : never;

export type HttpGet = With<Written.HttpGet, { path: string; scheme: string }>;

export type Probe = With<
  Written.Probe,
  {
    httpGet?: HttpGet | undefined;
    initialDelaySeconds: number;
    periodSeconds: number;
    timeoutSeconds: number;
    successThreshold: number;
    failureThreshold: number;
  }
>;

export type LifecycleHandler = With<Written.LifecycleHandler, { httpGet?: HttpGet | undefined }>;

export type ContainerPort = With<Item<Written.Container['ports']>, { protocol: string }>;

export type Container = With<
  Written.Container,
  {
    ports?: ContainerPort[] | undefined;
    lifecycle?:
      | With<
          NonNullable<Written.Container['lifecycle']>,
          { postStart?: LifecycleHandler | undefined; preStop?: LifecycleHandler | undefined }
        >
      | undefined;
    startupProbe?: Probe | undefined;
    readinessProbe?: Probe | undefined;
    livenessProbe?: Probe | undefined;
  }
>;

export type PodSpec = With<
  Written.PodSpec,
  {
    terminationGracePeriodSeconds: number;
    restartPolicy: string;
    initContainers?: Container[] | undefined;
    containers: [Container, ...Container[]];
  }
>;

type PodTemplate = With<Written.Deployment['spec']['template'], { spec: PodSpec }>;

export interface DeploymentLimits {
  maxSurge: Written.IntOrPercent;
  maxUnavailable: Written.IntOrPercent;
}

export interface StatefulSetLimits {
  /** Pods with a lower ordinal are not replaced. */
  partition: number;
  maxUnavailable: Written.IntOrPercent;
}

export type DaemonSetLimits = DeploymentLimits;

/** For any type but RollingUpdate, the limits are kept as written, because admission rejects some of them. */
export interface UpdateStrategy<Limits> {
  type: string;
  rollingUpdate?: Limits | undefined;
}

export type Deployment = With<
  Written.Deployment,
  {
    spec: With<
      Written.Deployment['spec'],
      {
        replicas: number;
        minReadySeconds: number;
        progressDeadlineSeconds: number;
        strategy: UpdateStrategy<DeploymentLimits>;
        template: PodTemplate;
      }
    >;
  }
>;

export type StatefulSet = With<
  Written.StatefulSet,
  {
    spec: With<
      Written.StatefulSet['spec'],
      {
        replicas: number;
        minReadySeconds: number;
        podManagementPolicy: string;
        updateStrategy: UpdateStrategy<StatefulSetLimits>;
        template: PodTemplate;
      }
    >;
  }
>;

export type DaemonSet = With<
  Written.DaemonSet,
  {
    spec: With<
      Written.DaemonSet['spec'],
      { minReadySeconds: number; updateStrategy: UpdateStrategy<DaemonSetLimits>; template: PodTemplate }
    >;
  }
>;

export type Workload = Deployment | StatefulSet | DaemonSet;
export type WorkloadKind = Workload['kind'];

export type ServicePort = With<
  Item<Written.Service['spec']['ports']>,
  { protocol: string; targetPort: number | string }
>;

export type Service = With<
  Written.Service,
  { spec: With<Written.Service['spec'], { ports: [ServicePort, ...ServicePort[]] }> }
>;
