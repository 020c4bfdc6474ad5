/**
 * The Kubernetes objects as written in a manifest, with the fields that this program reads. objects.ts adds the
 * defaults.
 */
import * as z from 'zod';

/** A Go integer. Rejected with the message of the API server's JSON decoder. */
const goInteger = (bits: 32 | 64, longest: number) =>
  z.number().superRefine((number, context) => {
    if (Number.isInteger(number) && number >= -(2 ** (bits - 1)) && number <= longest) return;
    context.addIssue({
      code: 'custom',
      message: `json: cannot unmarshal number ${number} into a field of type int${bits}`,
    });
  });
const Int32 = goInteger(32, 2 ** 31 - 1);
/** Above 2^53 a JavaScript number only approximates the one written; nothing here needs more precision. */
const Int64 = goInteger(64, 2 ** 63);

export const IntOrPercent = z.union([z.int(), z.string()]);
export type IntOrPercent = z.infer<typeof IntOrPercent>;
const Port = z.union([z.int(), z.string()]);

const HttpGet = z.looseObject({
  path: z.string().optional(),
  port: Port,
  host: z.string().optional(),
  scheme: z.string().optional(),
  httpHeaders: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
});
export type HttpGet = z.infer<typeof HttpGet>;

const Probe = z.looseObject({
  httpGet: HttpGet.optional(),
  tcpSocket: z.looseObject({ port: Port }).optional(),
  exec: z.looseObject({ command: z.array(z.string()).optional() }).optional(),
  grpc: z.looseObject({ port: z.int(), service: z.string().optional() }).optional(),
  terminationGracePeriodSeconds: Int64.optional(),
  initialDelaySeconds: Int32.optional(),
  periodSeconds: Int32.optional(),
  timeoutSeconds: Int32.optional(),
  successThreshold: Int32.optional(),
  failureThreshold: Int32.optional(),
});
export type Probe = z.infer<typeof Probe>;

const LifecycleHandler = z.looseObject({
  sleep: z.looseObject({ seconds: Int64 }).optional(),
  exec: z.looseObject({ command: z.array(z.string()).optional() }).optional(),
  httpGet: HttpGet.optional(),
  tcpSocket: z.unknown().optional(),
});
export type LifecycleHandler = z.infer<typeof LifecycleHandler>;

/** A key of a ConfigMap or a Secret. */
const KeyRef = z.looseObject({ name: z.string(), key: z.string(), optional: z.boolean().optional() });
/** A whole ConfigMap or Secret. */
const SourceRef = z.looseObject({ name: z.string(), optional: z.boolean().optional() });
/** The API server also takes numbers: `cpu: 1`. */
const Quantity = z.union([z.string(), z.number()]);

const EnvVar = z.looseObject({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z
    .looseObject({
      fieldRef: z.looseObject({ fieldPath: z.string() }).optional(),
      resourceFieldRef: z
        .looseObject({ resource: z.string(), divisor: Quantity.optional(), containerName: z.string().optional() })
        .optional(),
      configMapKeyRef: KeyRef.optional(),
      secretKeyRef: KeyRef.optional(),
    })
    .optional(),
});
export type EnvVar = z.infer<typeof EnvVar>;

const EnvFrom = z.looseObject({
  prefix: z.string().optional(),
  configMapRef: SourceRef.optional(),
  secretRef: SourceRef.optional(),
});

const Resources = z.looseObject({
  limits: z.record(z.string(), Quantity).optional(),
  requests: z.record(z.string(), Quantity).optional(),
});

const VolumeMount = z.looseObject({
  name: z.string(),
  mountPath: z.string(),
  subPath: z.string().optional(),
  readOnly: z.boolean().optional(),
});

export const Container = z.looseObject({
  name: z.string(),
  image: z.string().optional(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  workingDir: z.string().optional(),
  env: z.array(EnvVar).optional(),
  envFrom: z.array(EnvFrom).optional(),
  resources: Resources.optional(),
  volumeMounts: z.array(VolumeMount).optional(),
  ports: z
    .array(
      z.looseObject({
        containerPort: z.int(),
        name: z.string().optional(),
        protocol: z.string().optional(),
        hostPort: z.int().optional(),
      }),
    )
    .optional(),
  lifecycle: z
    .looseObject({
      postStart: LifecycleHandler.optional(),
      preStop: LifecycleHandler.optional(),
      stopSignal: z.string().optional(),
    })
    .optional(),
  startupProbe: Probe.optional(),
  readinessProbe: Probe.optional(),
  livenessProbe: Probe.optional(),
  restartPolicy: z.string().optional(),
});
export type Container = z.infer<typeof Container>;

export const Labels = z.record(z.string(), z.string());
const Metadata = z.looseObject({
  name: z.string().optional(),
  labels: Labels.optional(),
  annotations: Labels.optional(),
});
/** The metadata of a top-level object; a pod template may omit the name. */
export const ObjectMetadata = Metadata.extend({ name: z.string(), namespace: z.string().optional() });

/** A label selector. Source: LabelSelector of meta/v1. */
export const Selector = z.looseObject({
  matchLabels: Labels.optional(),
  matchExpressions: z
    .array(z.looseObject({ key: z.string(), operator: z.string(), values: z.array(z.string()).optional() }))
    .optional(),
});
export type Selector = z.infer<typeof Selector>;

export const PodSpec = z.looseObject({
  terminationGracePeriodSeconds: Int64.optional(),
  restartPolicy: z.string().optional(),
  hostNetwork: z.boolean().optional(),
  shareProcessNamespace: z.boolean().optional(),
  os: z.looseObject({ name: z.string() }).optional(),
  serviceAccountName: z.string().optional(),
  volumes: z.array(z.looseObject({ name: z.string() })).optional(),
  initContainers: z.array(Container).optional(),
  containers: z.array(Container).min(1),
});
export type PodSpec = z.infer<typeof PodSpec>;

const PodTemplate = z.looseObject({ metadata: Metadata.optional(), spec: PodSpec });

/** Older versions were removed in Kubernetes 1.16. */
const AppsV1 = z.literal('apps/v1', { error: 'must be "apps/v1", the only version that the API server serves' });

export const Deployment = z.looseObject({
  apiVersion: AppsV1,
  kind: z.literal('Deployment'),
  metadata: ObjectMetadata,
  spec: z.looseObject({
    replicas: Int32.optional(),
    minReadySeconds: Int32.optional(),
    progressDeadlineSeconds: Int32.optional(),
    paused: z.boolean().optional(),
    selector: Selector,
    strategy: z
      .looseObject({
        type: z.string().optional(),
        rollingUpdate: z
          .looseObject({ maxSurge: IntOrPercent.optional(), maxUnavailable: IntOrPercent.optional() })
          .optional(),
      })
      .optional(),
    template: PodTemplate,
  }),
});
export type Deployment = z.infer<typeof Deployment>;

export const StatefulSet = z.looseObject({
  apiVersion: AppsV1,
  kind: z.literal('StatefulSet'),
  metadata: ObjectMetadata,
  spec: z.looseObject({
    replicas: Int32.optional(),
    minReadySeconds: Int32.optional(),
    podManagementPolicy: z.string().optional(),
    selector: Selector,
    updateStrategy: z
      .looseObject({
        type: z.string().optional(),
        rollingUpdate: z
          .looseObject({ partition: Int32.optional(), maxUnavailable: IntOrPercent.optional() })
          .optional(),
      })
      .optional(),
    template: PodTemplate,
  }),
});
export type StatefulSet = z.infer<typeof StatefulSet>;

export const DaemonSet = z.looseObject({
  apiVersion: AppsV1,
  kind: z.literal('DaemonSet'),
  metadata: ObjectMetadata,
  spec: z.looseObject({
    minReadySeconds: Int32.optional(),
    selector: Selector,
    updateStrategy: z
      .looseObject({
        type: z.string().optional(),
        rollingUpdate: z
          .looseObject({ maxSurge: IntOrPercent.optional(), maxUnavailable: IntOrPercent.optional() })
          .optional(),
      })
      .optional(),
    template: PodTemplate,
  }),
});
export type DaemonSet = z.infer<typeof DaemonSet>;

/** The kinds of workload that replace their pods when the template changes. */
export type Workload = Deployment | StatefulSet | DaemonSet;

export const Service = z.looseObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Service'),
  metadata: ObjectMetadata,
  spec: z.looseObject({
    selector: Labels.optional(),
    ports: z
      .array(
        z.looseObject({
          name: z.string().optional(),
          protocol: z.string().optional(),
          port: z.int(),
          targetPort: Port.optional(),
        }),
      )
      .optional(),
    sessionAffinity: z.string().optional(),
    externalTrafficPolicy: z.string().optional(),
  }),
});
export type Service = z.infer<typeof Service>;

/** Of policy/v1. Source: PodDisruptionBudgetSpec. */
export const PodDisruptionBudget = z.looseObject({
  apiVersion: z.literal('policy/v1'),
  kind: z.literal('PodDisruptionBudget'),
  metadata: ObjectMetadata,
  spec: z.looseObject({
    selector: Selector.optional(),
    minAvailable: IntOrPercent.optional(),
    maxUnavailable: IntOrPercent.optional(),
    unhealthyPodEvictionPolicy: z.string().optional(),
  }),
});
export type PodDisruptionBudget = z.infer<typeof PodDisruptionBudget>;

const Data = z.record(z.string(), z.string());
export const ConfigMap = z.looseObject({ metadata: ObjectMetadata, data: Data.optional() });
export const Secret = z.looseObject({
  metadata: ObjectMetadata,
  data: Data.optional(), // in base64
  stringData: Data.optional(),
});

export type KubernetesObject = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string | undefined };
} & Record<string, unknown>;
