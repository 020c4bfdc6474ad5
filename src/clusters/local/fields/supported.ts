/** Refuses manifests with fields that could change the result and are not carried out. */
import { InputError } from '../../../errors.ts';
import type { Manifests } from '../../../manifests/manifests.ts';
import { nameOf } from '../../../manifests/placed-objects.ts';
import { printable } from '../../../printable.ts';
import { fieldReport, placeOf, type ReportedField } from './field-report.ts';

/** @throws InputError that names every refused field, one line each */
export function assertSupported(manifests: Manifests): void {
  const refused = refusedFields(manifests);
  if (refused.length > 0) throw refusal(manifests.source, refused);
}

/**
 * Adds the fields that would be refused next to an error about the input, so that the user can correct everything at once.
 * @param manifests the input as if that error were corrected
 */
export function withRefusedFields(error: InputError, manifests: Manifests): InputError {
  const refused = refusedFields(manifests);
  if (refused.length === 0) return error;
  const [only, ...others] = refused.map(refusalLine).map(printable).slice(0, MAX_LINES);
  const more = others.length === 0 ? 'Then this field' : 'Then these fields';
  return new InputError(`${error.message}. ${more} would be in the way:`, { details: [only ?? '', ...others] });
}

/** Enough to fix or assume them in one go; a file made by a mistake may have a million. */
const MAX_LINES = 100;

export function refusedFields(manifests: Manifests): ReportedField[] {
  return fieldReport(manifests).fields.filter(({ outcome }) => outcome === 'refused');
}

function refusal(source: string, refused: readonly ReportedField[]): InputError {
  const lines = refused.slice(0, MAX_LINES).map(refusalLine);
  const [only, other] = lines;
  if (only !== undefined && other === undefined) return new InputError(printable(`${source}: ${only}`));
  return new InputError(
    `${source}: ${refused.length} fields could change the result and are not carried out by the local cluster:`,
    { details: [...lines.map(printable), ...(refused.length > MAX_LINES ? ['…'] : [])] },
  );
}

/** The field, its value, why it matters, and what to write to measure without it. */
export function refusalLine(field: ReportedField): string {
  const { path, object, why, name, unknown, instead } = field;
  const assume = `--assume ${quoted(name ?? field.field)}${instead === undefined ? '' : `=${instead}`}`;
  if (unknown) return `${nameOf(object)}: ${why}; correct it, or measure without it with ${assume}`;
  const value = path.reduce<unknown>((at, key) => (at as Record<string | number, unknown> | undefined)?.[key], object);
  const text = typeof value === 'object' || value === undefined ? '' : `: ${value}`;
  return `${placeOf(field)}${text} is not carried out by the local cluster and could change the result: ${why}; remove it, measure on a real cluster, or as if it were ${instead ?? 'absent'} with ${assume}`;
}

/** For a shell. */
function quoted(name: string): string {
  return /^[\w./-]+$/.test(name) ? name : `'${name}'`;
}
