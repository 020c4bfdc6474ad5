/** Reads Kubernetes YAML into the Deployment and the Service that a trial rolls. */
import { type Document, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { InputError } from '../errors.ts';
import { Deployment, type KubernetesObject, Service } from '../kubernetes-rules/objects.ts';
import { firstIssue } from '../schema-issue.ts';

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
