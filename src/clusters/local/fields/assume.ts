/** Measures as if a refused field were absent or had another value: `--assume FIELD[=VALUE]`. */
import { InputError } from '../../../errors.ts';
import type { KubernetesObject } from '../../../kubernetes-rules/written-objects.ts';
import { withFloor } from '../../../manifests/autoscaler-floor.ts';
import { type Assumption, isSame, type Manifests, withObjects } from '../../../manifests/manifests.ts';
import { printable } from '../../../printable.ts';
import { staysOnNode } from '../service-traffic.ts';
import { isNamed } from './field-names.ts';
import type { Path } from './field-outcomes.ts';
import type { ReportedField } from './field-report.ts';
import { refusedFields } from './supported.ts';

/** A value of --assume. */
export interface AssumedField {
  /** The end of a field's path, as `refusalLine` prints it. */
  name: string;
  /** Undefined: as if the field were absent. */
  value?: string | number | boolean | undefined;
}

/** @throws InputError if the text is not FIELD or FIELD=VALUE */
export function parseAssumedField(text: string): AssumedField {
  const equals = text.indexOf('=');
  const name = (equals < 0 ? text : text.slice(0, equals)).trim();
  if (name === '') throw new InputError(`--assume "${text}": must be FIELD or FIELD=VALUE, as in --assume hostNetwork`);
  return equals < 0 ? { name } : { name, value: scalar(text.slice(equals + 1)) };
}

function scalar(text: string): string | number | boolean {
  if (/^(true|false)$/.test(text)) return text === 'true';
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

/**
 * The manifests as they are measured on the local cluster: with these fields changed, and with the replicas that an
 * autoscaler of the input keeps. Each assumption is recorded, with the reason why it may change the result.
 * @throws InputError for a name that no refused field has
 */
export function withAssumptions(manifests: Manifests, assumed: readonly AssumedField[]): Manifests {
  return withLoadBalancer(assumed.reduce(withAssumption, withFloor(manifests)));
}

/** Nobody knows how fast the load balancer of a manifest avoids a node. */
function withLoadBalancer(manifests: Manifests): Manifests {
  if (!staysOnNode(manifests.service)) return manifests;
  const assumption: Assumption = {
    field: 'spec.externalTrafficPolicy',
    value: 'Local',
    why: 'the load balancer avoids a node as soon as it has no ready pod; a real one also sends requests there until its health check fails',
  };
  return { ...manifests, assumed: [...manifests.assumed, assumption] };
}

function withAssumption(manifests: Manifests, { name, value }: AssumedField): Manifests {
  const refused = refusedFields(manifests);
  const meant = refused.filter((field) => field.name === name || isNamed(field.path, name));
  if (meant.length === 0) throw notRefused(manifests, name, refused);
  const assumptions = distinct(
    meant.map(
      ({ field, unknown, why = '' }): Assumption => ({
        field,
        ...(value !== undefined && { value: String(value) }),
        why: unknown ? 'the Kubernetes API has no such field' : why,
      }),
    ),
  );
  // From the end, because removing an item of a list moves those after it.
  const changed = meant.reduceRight((before, field) => withField(before, field, value), manifests);
  return { ...changed, assumed: [...manifests.assumed, ...assumptions] };
}

function notRefused({ source }: Manifests, name: string, refused: readonly ReportedField[]): InputError {
  const names = [...new Set(refused.flatMap((field) => field.name ?? []))].join(', ');
  const hint = names === '' ? 'every field that it has is carried out or has no effect' : `it has ${names}`;
  return new InputError(printable(`--assume ${name}: ${source} has no such field that is refused; ${hint}`));
}

function distinct(assumptions: readonly Assumption[]): Assumption[] {
  return [...new Map(assumptions.map((one) => [JSON.stringify(one), one])).values()];
}

function withField(manifests: Manifests, { object, path }: ReportedField, value: AssumedField['value']): Manifests {
  return withObjects(manifests, (candidate) =>
    isSame(candidate, object) ? (changed(candidate, path, value) as KubernetesObject) : candidate,
  );
}

/** A copy of the value with this field set, or without it and what it leaves empty. */
function changed(at: unknown, [key, ...rest]: Path, value: AssumedField['value']): unknown {
  if (key === undefined) return value;
  if (Array.isArray(at)) {
    const items = at.map((item, index) => (index === key ? changed(item, rest, value) : item));
    return present(items.filter((item) => item !== undefined));
  }
  const fields = at as Record<string, unknown>;
  const field = changed(fields[key], rest, value);
  const { [key]: _, ...others } = fields;
  return field === undefined ? present(others) : { ...fields, [key]: field };
}

function present<T extends object>(value: T): T | undefined {
  return Object.keys(value).length === 0 ? undefined : value;
}
