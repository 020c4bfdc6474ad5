/** Reads Kubernetes YAML into the Deployment and the Service that a trial rolls. */
import { type Document, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { InputError } from '../errors.ts';
import { firstIssue } from '../schema-issue.ts';

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
  lifecycle: z.looseObject({ preStop: LifecycleHandler.optional() }).optional(),
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

const Deployment = z.looseObject({
  apiVersion: z.literal('apps/v1'),
  kind: z.literal('Deployment'),
  metadata: Metadata.extend({ name: z.string() }),
  spec: z.looseObject({
    replicas: z.int().optional(),
    minReadySeconds: z.int().optional(),
    progressDeadlineSeconds: z.int().optional(),
    paused: z.boolean().optional(),
    selector: z.looseObject({ matchLabels: Labels.optional(), matchExpressions: z.array(z.unknown()).optional() }),
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

const Service = z.looseObject({
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

export interface Manifests {
  /** Where they came from, for messages. */
  source: string;
  /** Everything, as written. */
  objects: KubernetesObject[];
  deployment: Deployment;
  service: Service;
}

/**
 * Reads a stream of YAML documents that holds exactly one Deployment and exactly one Service that selects its pods.
 * @throws InputError naming the source and the field that is wrong
 */
export function readManifests(yaml: string, source: string): Manifests {
  const objects: KubernetesObject[] = [];
  for (const document of parseAllDocuments(yaml)) {
    const problem = document.errors[0];
    if (problem) throw notYaml(source, problem);
    const value = plainValue(document, source);
    if (value === null || value === undefined) continue;
    const identity = z
      .looseObject({ apiVersion: z.string(), kind: z.string(), metadata: z.looseObject({ name: z.string() }) })
      .safeParse(value);
    if (!identity.success)
      throw new InputError(`${source}: a document is no Kubernetes object: ${firstIssue(identity.error)}`);
    objects.push(identity.data);
  }
  const deployment = only(objects, 'Deployment', Deployment, source);
  const service = only(objects, 'Service', Service, source);
  const labels = deployment.spec.template.metadata?.labels ?? {};
  const selector = Object.entries(service.spec.selector ?? {});
  if (selector.length === 0 || selector.some(([key, value]) => labels[key] !== value)) {
    throw new InputError(
      `${source}: Service "${service.metadata.name}" does not select the pods of Deployment "${deployment.metadata.name}": its spec.selector must match the template's labels`,
    );
  }
  return { source, objects, deployment, service };
}

function plainValue(document: Document, source: string): unknown {
  try {
    return withoutNulls(document.toJS({ maxAliasCount: 100 }));
  } catch (error) {
    if (error instanceof ReferenceError) throw notYaml(source, error); // an alias to nothing, or a bomb of them
    throw error;
  }
}

function notYaml(source: string, error: Error): InputError {
  return new InputError(`${source}: not valid YAML: ${error.message.split('\n')[0]}`, { cause: error });
}

/** A field that is null is one that is absent, as for the API server. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const present = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(present.map(([key, item]) => [key, withoutNulls(item)]));
}

function only<T extends z.ZodType>(objects: KubernetesObject[], kind: string, schema: T, source: string): z.infer<T> {
  const found = objects.filter((o) => o.kind === kind);
  const first = found[0];
  if (!first || found.length > 1) throw new InputError(`${source}: needs exactly one ${kind}, has ${found.length}`);
  const parsed = schema.safeParse(first);
  if (!parsed.success) throw new InputError(`${source}: ${kind} "${first.metadata.name}": ${firstIssue(parsed.error)}`);
  return parsed.data;
}
