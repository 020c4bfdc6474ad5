/** Workloads of other projects that have a pod template: Argo Rollouts, OpenShift, Knative. */
import * as z from 'zod';
import {
  Container,
  Deployment,
  IntOrPercent,
  Labels,
  ObjectMetadata,
  PodSpec,
  Selector,
  type Workload,
} from '../kubernetes-rules/written-objects.ts';

const PodTemplate = Deployment.shape.spec.shape.template;

/** Source: the Rollout specification of Argo Rollouts. With a workloadRef, the template is that Deployment's. */
export const Rollout = z.looseObject({
  apiVersion: z.literal('argoproj.io/v1alpha1'),
  kind: z.literal('Rollout'),
  metadata: ObjectMetadata,
  spec: z.looseObject({
    replicas: z.int().optional(),
    minReadySeconds: z.int().optional(),
    selector: Selector.optional(),
    template: PodTemplate.optional(),
    workloadRef: z.looseObject({ kind: z.string(), name: z.string() }).optional(),
    strategy: z
      .looseObject({
        blueGreen: z.looseObject({ scaleDownDelaySeconds: z.int().optional() }).optional(),
        canary: z
          .looseObject({ scaleDownDelaySeconds: z.int().optional(), trafficRouting: z.unknown().optional() })
          .optional(),
      })
      .optional(),
  }),
});
export type RolloutObject = z.infer<typeof Rollout>;

/** Source: the API reference of OpenShift 4. Its selector is a plain map of labels. */
export const DeploymentConfig = z.looseObject({
  apiVersion: z.literal('apps.openshift.io/v1'),
  kind: z.literal('DeploymentConfig'),
  metadata: ObjectMetadata,
  spec: z.looseObject({
    replicas: z.int().optional(),
    minReadySeconds: z.int().optional(),
    selector: Labels.optional(),
    strategy: z
      .looseObject({
        type: z.string().optional(),
        rollingParams: z
          .looseObject({ maxSurge: IntOrPercent.optional(), maxUnavailable: IntOrPercent.optional() })
          .optional(),
      })
      .optional(),
    template: PodTemplate,
  }),
});

const KNATIVE_PORT = 8080;
const PROBES = ['readinessProbe', 'livenessProbe', 'startupProbe'] as const;
const HANDLERS = ['httpGet', 'tcpSocket', 'grpc'] as const;

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The ports that Knative sets where a probe or a port of a container lacks its number. */
function withKnativePorts(container: unknown): unknown {
  if (!isFields(container)) return container;
  const copy: Fields = { ...container };
  for (const name of PROBES) {
    const probe = copy[name];
    if (!isFields(probe)) continue;
    const handlers = HANDLERS.flatMap((kind) => {
      const handler = probe[kind];
      return isFields(handler) ? [[kind, { port: KNATIVE_PORT, ...handler }]] : [];
    });
    copy[name] = { ...probe, ...Object.fromEntries(handlers) };
  }
  if (Array.isArray(copy.ports)) {
    copy.ports = copy.ports.map((port) => (isFields(port) ? { containerPort: KNATIVE_PORT, ...port } : port));
  }
  return copy;
}

/**
 * Source: the Knative Serving API, whose schema (cmd/schema-tweak/overrides.go) makes a container's name and the ports
 * of its probes and of itself optional.
 */
export const KnativeService = z.looseObject({
  apiVersion: z.literal('serving.knative.dev/v1'),
  kind: z.literal('Service'),
  metadata: ObjectMetadata,
  spec: z.looseObject({
    template: PodTemplate.extend({
      spec: PodSpec.extend({
        containers: z
          .array(z.preprocess(withKnativePorts, Container.extend({ name: z.string().default('user-container') })))
          .min(1),
      }),
    }).optional(),
  }),
});

export type KnativeServiceObject = z.infer<typeof KnativeService>;

type WithTemplate<T extends { spec: { template?: unknown } }> = T & {
  spec: { template: NonNullable<T['spec']['template']> };
};

export type CustomWorkload =
  | WithTemplate<RolloutObject>
  | WithTemplate<KnativeServiceObject>
  | z.infer<typeof DeploymentConfig>;

/** Source: scaleDownDelaySeconds in the specification of Argo Rollouts. */
const DEFAULT_SCALE_DOWN_DELAY_SECONDS = 30;

/**
 * How long Argo Rollouts keeps old pods after no traffic is sent to them any more, in seconds: with blueGreen, and with
 * a canary that a traffic router splits. 0 if it deletes them while they still get requests.
 */
export function scaleDownDelaySeconds({ spec: { strategy } }: RolloutObject): number {
  const { blueGreen, canary } = strategy ?? {};
  if (blueGreen) return blueGreen.scaleDownDelaySeconds ?? DEFAULT_SCALE_DOWN_DELAY_SECONDS;
  if (canary?.trafficRouting) return canary.scaleDownDelaySeconds ?? DEFAULT_SCALE_DOWN_DELAY_SECONDS;
  return 0;
}

/**
 * The workload as a Deployment with the same template and numbers, for the rules that Kubernetes applies to every pod
 * template.
 */
export function asDeployment({ kind, metadata, spec }: CustomWorkload): Workload {
  const { template } = spec;
  const labels = template.metadata?.labels ?? {};
  const common = { template, selector: { matchLabels: labels } };
  if (kind === 'Service') return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: common };
  const { replicas, minReadySeconds } = spec;
  const numbers = {
    ...(replicas !== undefined && { replicas }),
    ...(minReadySeconds !== undefined && { minReadySeconds }),
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { ...common, ...numbers, ...(kind === 'DeploymentConfig' && { strategy: openShiftStrategy(spec.strategy) }) },
  };
}

function openShiftStrategy(strategy: z.infer<typeof DeploymentConfig>['spec']['strategy']) {
  if (strategy?.type === 'Recreate') return { type: 'Recreate' };
  const { maxSurge, maxUnavailable } = strategy?.rollingParams ?? {};
  const limits = {
    ...(maxSurge !== undefined && { maxSurge }),
    ...(maxUnavailable !== undefined && { maxUnavailable }),
  };
  return { type: 'RollingUpdate', rollingUpdate: limits };
}
