/** The errors of a schema as one line for the user. */
import type { z } from 'zod';

/** The first error: the field and what is wrong with it. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return 'invalid';
  const path = fieldPath(issue.path);
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}

/** A path as the API server writes it: `spec.containers[0].name`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`),
    '',
  );
}

/** The inverse: parses `spec.containers[0].name`. No key may have a dot. */
export function parseFieldPath(field: string): (string | number)[] {
  return field
    .split(/[.[\]]+/)
    .filter(Boolean)
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key));
}
