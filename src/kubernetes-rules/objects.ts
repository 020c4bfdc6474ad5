/** The Kubernetes objects, as far as they are read here. */
import { z } from 'zod';

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
  initialDelaySeconds: z.int().optional(),
  periodSeconds: z.int().optional(),
  timeoutSeconds: z.int().optional(),
  successThreshold: z.int().optional(),
  failureThreshold: z.int().optional(),
});
export type Probe = z.infer<typeof Probe>;

const LifecycleHandler = z.looseObject({
  sleep: z.looseObject({ seconds: z.int() }).optional(),
  exec: z.looseObject({ command: z.array(z.string()).optional() }).optional(),
  httpGet: HttpGet.optional(),
  tcpSocket: z.unknown().optional(),
});
export type LifecycleHandler = z.infer<typeof LifecycleHandler>;

const EnvVar = z.looseObject({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z.looseObject({ fieldRef: z.looseObject({ fieldPath: z.string() }).optional() }).optional(),
});

export const Container = z.looseObject({
  name: z.string(),
  image: z.string().optional(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  env: z.array(EnvVar).optional(),
  ports: z.array(z.looseObject({ containerPort: z.int(), name: z.string().optional() })).optional(),
  lifecycle: z.looseObject({ preStop: LifecycleHandler.optional(), stopSignal: z.string().optional() }).optional(),
  startupProbe: Probe.optional(),
  readinessProbe: Probe.optional(),
  livenessProbe: Probe.optional(),
});
export type Container = z.infer<typeof Container>;

export const Labels = z.record(z.string(), z.string());
export const Metadata = z.looseObject({
  name: z.string().optional(),
  labels: Labels.optional(),
  annotations: Labels.optional(),
});

/** A label selector. Source: LabelSelector of meta/v1. */
export const Selector = z.looseObject({
  matchLabels: Labels.optional(),
  matchExpressions: z
    .array(z.looseObject({ key: z.string(), operator: z.string(), values: z.array(z.string()).optional() }))
    .optional(),
});
export type Selector = z.infer<typeof Selector>;

export const Deployment = z.looseObject({
  apiVersion: z.literal('apps/v1'),
  kind: z.literal('Deployment'),
  metadata: Metadata.extend({ name: z.string() }),
  spec: z.looseObject({
    replicas: z.int().optional(),
    minReadySeconds: z.int().optional(),
    progressDeadlineSeconds: z.int().optional(),
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
    template: z.looseObject({
      metadata: Metadata.optional(),
      spec: z.looseObject({
        terminationGracePeriodSeconds: z.int().optional(),
        containers: z.array(Container).min(1),
      }),
    }),
  }),
});
export type Deployment = z.infer<typeof Deployment>;

export const Service = z.looseObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Service'),
  metadata: Metadata.extend({ name: z.string() }),
  spec: z.looseObject({
    selector: Labels.optional(),
    ports: z.array(z.looseObject({ name: z.string().optional(), port: z.int(), targetPort: Port.optional() })).min(1),
  }),
});
export type Service = z.infer<typeof Service>;

export type KubernetesObject = { apiVersion: string; kind: string; metadata: { name: string } } & Record<
  string,
  unknown
>;
