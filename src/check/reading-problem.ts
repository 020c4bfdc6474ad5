/** What is wrong with a document or with one value in it, as the reader finds it. */
import * as z from 'zod';
import type { Refusal } from '../kubernetes-rules/admission.ts';
import type { RemovedVersion } from '../kubernetes-rules/removed-versions.ts';
import type { DocumentError, DuplicateKey, FieldPath, Position } from '../manifests/yaml-documents.ts';
import type { YamlObject } from '../manifests/yaml-objects.ts';
import { fieldPath, parseFieldPath } from '../schema-issue.ts';
import { namedPath, nameOf, type ObjectIdentity } from './identity.ts';

export interface ReadingProblem {
  rule: 'unreadable-document' | 'removed-api-version' | 'refused-by-api-server' | 'duplicate-key';
  source: string;
  position: Position;
  message: string;
  object?: ObjectIdentity;
  annotations?: Record<string, string>;
  field?: string;
  /** The field with the names of list items. */
  namedField?: string;
  /** The object is not checked any further. */
  isUnread: boolean;
}

type RawObject = YamlObject['value'];
type Where = (path: FieldPath) => { source: string; position: Position };

/** Any of these may be what is missing or wrong. */
const Metadata = z
  .object({
    name: z.string().catch(''),
    namespace: z.string().optional().catch(undefined),
    annotations: z.record(z.string(), z.string()).optional().catch(undefined),
  })
  .catch({ name: '' });

/** The identity of an object whose fields may have wrong types, and its annotations. */
export function aboutObject({ apiVersion, kind, metadata }: RawObject) {
  const { name, namespace, annotations } = Metadata.parse(metadata);
  return {
    object: { apiVersion, kind, name, ...(namespace !== undefined && { namespace }) },
    ...(annotations && { annotations }),
  };
}

export function unreadableProblem({ source, position, problem }: DocumentError): ReadingProblem {
  return { rule: 'unreadable-document', source, position, message: problem, isUnread: true };
}

export function duplicateProblem({ key, path, position, firstLine }: DuplicateKey, source: string): ReadingProblem {
  const message = `"${key}" is written twice: kubectl keeps this value and drops that of line ${firstLine}; remove one`;
  return { rule: 'duplicate-key', source, position, message, field: fieldPath(path), isUnread: false };
}

const IngressSpec = z.object({
  backend: z.unknown().optional(),
  rules: z
    .array(z.object({ http: z.unknown() }))
    .optional()
    .catch(undefined),
});

/** What networking.k8s.io/v1 has in place of fields that this Ingress has. */
function ingressFields(spec: unknown): string | undefined {
  const { backend, rules = [] } = IngressSpec.safeParse(spec).data ?? {};
  const changes = [
    ...(backend === undefined ? [] : ['spec.defaultBackend.service instead of spec.backend']),
    ...(rules.some(({ http }) => http !== undefined)
      ? ['a pathType for each path, and backend.service.name and .port instead of serviceName and servicePort']
      : []),
  ];
  return changes.length === 0 ? undefined : changes.join(', and ');
}

export function removedProblem(object: RawObject, removed: RemovedVersion, where: Where): ReadingProblem {
  const { apiVersion, kind, spec } = object;
  const { since, instead, successor } = removed;
  const lacksSelector = instead === 'apps/v1' && !(typeof spec === 'object' && spec !== null && 'selector' in spec);
  const others = lacksSelector ? 'a spec.selector' : kind === 'Ingress' ? ingressFields(spec) : undefined;
  const write =
    instead === undefined
      ? `remove the object${successor === undefined ? '' : `, and ${successor}`}`
      : `write apiVersion: ${instead}${others === undefined ? '' : `, with ${others}`}`;
  return about(object, {
    rule: 'removed-api-version',
    ...where(['apiVersion']),
    message: `Kubernetes ${since} removed ${kind}${instead === undefined ? '' : ` from ${apiVersion}`}; ${write}`,
    field: 'apiVersion',
    isUnread: true,
  });
}

export function refusalProblem(object: RawObject, { field, reason }: Refusal, where: Where): ReadingProblem {
  const message = `the API server refuses ${field}: ${reason}`;
  const place = where(parseFieldPath(field));
  return about(object, { rule: 'refused-by-api-server', ...place, message, field, isUnread: false });
}

/** A value of a wrong type. */
export function typeProblem(object: RawObject, { issues: [issue] }: z.ZodError, where: Where): ReadingProblem {
  const path = (issue?.path ?? []) as FieldPath;
  const found = path.reduce<unknown>((part, key) => (part as Mapping | undefined)?.[key], object);
  const field = fieldPath(path);
  const missing = found === undefined && issue?.code === 'invalid_union';
  const what = missing ? 'Required value' : (issue?.message.replace(/^Invalid input: /, '') ?? 'invalid');
  const message = `the API server refuses ${field}: ${what}${hint(found, issue)}`;
  return about(object, { rule: 'refused-by-api-server', ...where(path), message, field, isUnread: true });
}

function hint(found: unknown, issue: z.core.$ZodIssue | undefined): string {
  if (typeof found === 'string' && /\$\{|\{\{/.test(found)) return ` (a template? Render it first)`;
  const isPlain = typeof found === 'boolean' || typeof found === 'number';
  return isPlain && issue?.code === 'invalid_type' && issue.expected === 'string' ? '; put it in quotes' : '';
}

type Mapping = Record<string | number, unknown>;

function about(object: RawObject, problem: ReadingProblem): ReadingProblem {
  const known = aboutObject(object);
  const namedField = namedPath(object, parseFieldPath(problem.field ?? ''));
  return { ...problem, ...known, namedField, message: `${nameOf(known.object)}: ${problem.message}` };
}
