/** The kinds of Kubernetes object the check reads, and what it reads of each. */
import { z } from 'zod';
import { Container, IntOrPercent, Labels, Metadata, Selector } from '../kubernetes-rules/objects.ts';

const Name = Metadata.extend({ name: z.string(), namespace: z.string().optional() });

const CheckedContainer = Container.extend({
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  ports: z
    .array(z.looseObject({ containerPort: z.int(), name: z.string().optional(), hostPort: z.int().optional() }))
    .optional(),
  restartPolicy: z.string().optional(),
});
export type CheckedContainer = z.infer<typeof CheckedContainer>;

export const PodSpec = z.looseObject({
  terminationGracePeriodSeconds: z.int().optional(),
  hostNetwork: z.boolean().optional(),
  shareProcessNamespace: z.boolean().optional(),
  containers: z.array(CheckedContainer).min(1),
});
export type PodSpec = z.infer<typeof PodSpec>;

const PodTemplate = z.looseObject({ metadata: Metadata.optional(), spec: PodSpec });
export type PodTemplate = z.infer<typeof PodTemplate>;

const Strategy = z.looseObject({
  type: z.string().optional(),
  rollingUpdate: z
    .looseObject({ maxSurge: IntOrPercent.optional(), maxUnavailable: IntOrPercent.optional() })
    .optional(),
});
export type Strategy = z.infer<typeof Strategy>;

/** The three kinds that replace pods: they differ in `strategy` and `updateStrategy`, and in who has replicas. */
const WorkloadObject = z.looseObject({
  apiVersion: z.literal('apps/v1'),
  kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']),
  metadata: Name,
  spec: z.looseObject({
    replicas: z.int().optional(),
    minReadySeconds: z.int().optional(),
    progressDeadlineSeconds: z.int().optional(),
    selector: Selector,
    strategy: Strategy.optional(),
    updateStrategy: Strategy.optional(),
    template: PodTemplate,
  }),
});
export type WorkloadObject = z.infer<typeof WorkloadObject>;

const ServiceObject = z.looseObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Service'),
  metadata: Name,
  spec: z.looseObject({
    selector: Labels.optional(),
    ports: z.array(z.looseObject({ port: z.int(), targetPort: z.union([z.int(), z.string()]).optional() })).optional(),
    sessionAffinity: z.string().optional(),
    externalTrafficPolicy: z.string().optional(),
  }),
});
export type ServiceObject = z.infer<typeof ServiceObject>;

const AutoscalerObject = z.looseObject({
  apiVersion: z.enum(['autoscaling/v1', 'autoscaling/v2']),
  kind: z.literal('HorizontalPodAutoscaler'),
  metadata: Name,
  spec: z.looseObject({
    minReplicas: z.int().optional(),
    scaleTargetRef: z.looseObject({ kind: z.string(), name: z.string() }),
  }),
});
export type AutoscalerObject = z.infer<typeof AutoscalerObject>;

const BudgetObject = z.looseObject({
  apiVersion: z.literal('policy/v1'),
  kind: z.literal('PodDisruptionBudget'),
  metadata: Name,
  spec: z.looseObject({
    selector: Selector.optional(),
    minAvailable: IntOrPercent.optional(),
    maxUnavailable: IntOrPercent.optional(),
  }),
});
export type BudgetObject = z.infer<typeof BudgetObject>;

export type CheckedObject = WorkloadObject | ServiceObject | AutoscalerObject | BudgetObject;

/** By API version and kind: kinds of the same name in other groups (a Knative Service) are not these. */
export const SCHEMAS: ReadonlyMap<string, z.ZodType<CheckedObject>> = new Map<string, z.ZodType<CheckedObject>>([
  ['apps/v1 Deployment', WorkloadObject],
  ['apps/v1 StatefulSet', WorkloadObject],
  ['apps/v1 DaemonSet', WorkloadObject],
  ['v1 Service', ServiceObject],
  ['autoscaling/v1 HorizontalPodAutoscaler', AutoscalerObject],
  ['autoscaling/v2 HorizontalPodAutoscaler', AutoscalerObject],
  ['policy/v1 PodDisruptionBudget', BudgetObject],
]);
