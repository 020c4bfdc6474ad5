/** The kinds of Kubernetes object that the check reads, and the fields that it reads of each. */
import * as z from 'zod';
import {
  type Container,
  DaemonSet,
  Deployment,
  IntOrPercent,
  ObjectMetadata,
  Selector,
  Service,
  StatefulSet,
  type Workload,
} from '../kubernetes-rules/written-objects.ts';

export type CheckedContainer = Container;
export type WorkloadObject = Workload;
export type ServiceObject = Service;

const AutoscalerObject = z.looseObject({
  apiVersion: z.enum(['autoscaling/v1', 'autoscaling/v2']),
  kind: z.literal('HorizontalPodAutoscaler'),
  metadata: ObjectMetadata,
  spec: z.looseObject({
    minReplicas: z.int().optional(),
    scaleTargetRef: z.looseObject({ kind: z.string(), name: z.string() }),
  }),
});
export type AutoscalerObject = z.infer<typeof AutoscalerObject>;

const BudgetObject = z.looseObject({
  apiVersion: z.literal('policy/v1'),
  kind: z.literal('PodDisruptionBudget'),
  metadata: ObjectMetadata,
  spec: z.looseObject({
    selector: Selector.optional(),
    minAvailable: IntOrPercent.optional(),
    maxUnavailable: IntOrPercent.optional(),
  }),
});
export type BudgetObject = z.infer<typeof BudgetObject>;

export type CheckedObject = WorkloadObject | ServiceObject | AutoscalerObject | BudgetObject;

/** By API version and kind, because other groups have kinds of the same names (a Knative Service). */
export const SCHEMAS: ReadonlyMap<string, z.ZodType<CheckedObject>> = new Map<string, z.ZodType<CheckedObject>>([
  ['apps/v1 Deployment', Deployment],
  ['apps/v1 StatefulSet', StatefulSet],
  ['apps/v1 DaemonSet', DaemonSet],
  ['v1 Service', Service],
  ['autoscaling/v1 HorizontalPodAutoscaler', AutoscalerObject],
  ['autoscaling/v2 HorizontalPodAutoscaler', AutoscalerObject],
  ['policy/v1 PodDisruptionBudget', BudgetObject],
]);
