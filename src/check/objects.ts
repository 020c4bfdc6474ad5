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
import {
  type CustomWorkload,
  DeploymentConfig,
  KnativeService,
  type KnativeServiceObject,
  Rollout,
  type RolloutObject,
} from './custom-workloads.ts';
import {
  CustomRoute,
  Gateway,
  GatewayClass,
  Ingress,
  IngressClass,
  ROUTE_KINDS,
  type RouteObject,
  routeSchema,
} from './route-objects.ts';

export type CheckedContainer = Container;
/** Workloads of Kubernetes itself. */
export type AppsWorkload = Workload;
/** An object with a pod template that a controller rolls out. */
export type WorkloadObject = AppsWorkload | CustomWorkload;
export type ServiceObject = Service;

const TargetRef = z.looseObject({ kind: z.string().optional(), name: z.string() });

const HorizontalPodAutoscaler = z.looseObject({
  apiVersion: z.enum(['autoscaling/v1', 'autoscaling/v2']),
  kind: z.literal('HorizontalPodAutoscaler'),
  metadata: ObjectMetadata,
  spec: z.looseObject({
    minReplicas: z.int().optional(),
    maxReplicas: z.int().optional(),
    scaleTargetRef: TargetRef.extend({ kind: z.string() }),
  }),
});
export type HorizontalPodAutoscaler = z.infer<typeof HorizontalPodAutoscaler>;

/** KEDA creates a HorizontalPodAutoscaler from it, and scales to 0 by itself. */
const ScaledObject = z.looseObject({
  apiVersion: z.literal('keda.sh/v1alpha1'),
  kind: z.literal('ScaledObject'),
  metadata: ObjectMetadata,
  spec: z.looseObject({
    minReplicaCount: z.int().optional(),
    maxReplicaCount: z.int().optional(),
    idleReplicaCount: z.int().optional(),
    scaleTargetRef: TargetRef,
  }),
});
export type AutoscalerObject = HorizontalPodAutoscaler | z.infer<typeof ScaledObject>;

const VerticalPodAutoscaler = z.looseObject({
  apiVersion: z.literal('autoscaling.k8s.io/v1'),
  kind: z.literal('VerticalPodAutoscaler'),
  metadata: ObjectMetadata,
  spec: z.looseObject({
    targetRef: TargetRef.extend({ kind: z.string() }),
    updatePolicy: z.looseObject({ updateMode: z.string().optional(), minReplicas: z.int().optional() }).optional(),
  }),
});
export type VerticalPodAutoscaler = z.infer<typeof VerticalPodAutoscaler>;

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

const ClaimObject = z.looseObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('PersistentVolumeClaim'),
  metadata: ObjectMetadata,
  spec: z.looseObject({
    accessModes: z.array(z.string()).optional(),
    storageClassName: z.string().optional(),
    volumeName: z.string().optional(),
  }),
});
export type ClaimObject = z.infer<typeof ClaimObject>;

/** It belongs to the whole cluster, and a claim gets it by its name or by their storage class. */
const VolumeObject = z.looseObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('PersistentVolume'),
  metadata: ObjectMetadata,
  spec: z.looseObject({
    storageClassName: z.string().optional(),
    claimRef: z.looseObject({ name: z.string().optional() }).optional(),
  }),
});
export type VolumeObject = z.infer<typeof VolumeObject>;

export type CheckedObject =
  | WorkloadObject
  | RolloutObject
  | KnativeServiceObject
  | ServiceObject
  | AutoscalerObject
  | VerticalPodAutoscaler
  | BudgetObject
  | ClaimObject
  | VolumeObject
  | RouteObject;

export function isWorkload(object: CheckedObject): object is WorkloadObject {
  return 'template' in object.spec && object.spec.template !== undefined;
}

/** By API version and kind, because other groups have kinds of the same names (a Knative Service). */
export const SCHEMAS: ReadonlyMap<string, z.ZodType<CheckedObject>> = new Map<string, z.ZodType<CheckedObject>>([
  ['apps/v1 Deployment', Deployment],
  ['apps/v1 StatefulSet', StatefulSet],
  ['apps/v1 DaemonSet', DaemonSet],
  ['argoproj.io/v1alpha1 Rollout', Rollout],
  ['apps.openshift.io/v1 DeploymentConfig', DeploymentConfig],
  ['serving.knative.dev/v1 Service', KnativeService],
  ['v1 Service', Service],
  ['v1 PersistentVolumeClaim', ClaimObject],
  ['v1 PersistentVolume', VolumeObject],
  ['autoscaling/v1 HorizontalPodAutoscaler', HorizontalPodAutoscaler],
  ['autoscaling/v2 HorizontalPodAutoscaler', HorizontalPodAutoscaler],
  ['keda.sh/v1alpha1 ScaledObject', ScaledObject],
  ['autoscaling.k8s.io/v1 VerticalPodAutoscaler', VerticalPodAutoscaler],
  ['policy/v1 PodDisruptionBudget', BudgetObject],
  ['networking.k8s.io/v1 Ingress', Ingress],
  ['networking.k8s.io/v1 IngressClass', IngressClass],
  ...['v1', 'v1beta1'].flatMap((version) => [
    [`gateway.networking.k8s.io/${version} Gateway`, Gateway] as const,
    [`gateway.networking.k8s.io/${version} GatewayClass`, GatewayClass] as const,
  ]),
  ...['v1', 'v1beta1', 'v1alpha2'].flatMap((version) =>
    ROUTE_KINDS.map((kind) => [`gateway.networking.k8s.io/${version} ${kind}`, routeSchema(kind)] as const),
  ),
  ['traefik.io/v1alpha1 IngressRoute', CustomRoute],
  ['traefik.containo.us/v1alpha1 IngressRoute', CustomRoute],
  ['projectcontour.io/v1 HTTPProxy', CustomRoute],
  ['networking.istio.io/v1 VirtualService', CustomRoute],
  ['networking.istio.io/v1beta1 VirtualService', CustomRoute],
  ['networking.istio.io/v1alpha3 VirtualService', CustomRoute],
]);
