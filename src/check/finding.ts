/** What the check found: findings, and their order. */
import type { CauseId } from '../analysis/causes.ts';
import type { Position } from '../manifests/yaml-documents.ts';
import { printable } from '../printable.ts';
import { fieldPath } from '../schema-issue.ts';
import { identityOf, type ObjectIdentity } from './located-object.ts';
import { patchText } from './patch.ts';
import type { Problem, Rule, Severity } from './rule.ts';

export interface Finding {
  rule: string;
  severity: Severity;
  cause?: CauseId;
  /** One line. */
  message: string;
  /** The file, or a name for another source. */
  source: string;
  position?: Position;
  /** The object and its field; absent for a Dockerfile. */
  object?: ObjectIdentity;
  field?: string;
  /**
   * The fix: a patch of this object as YAML, or the rule's example if the manifest alone does not determine the fix.
   */
  fix: string;
  /** The patch, if `fix` is one. */
  patch?: object;
}

export interface CheckResult {
  /** Sorted by source, line and rule. */
  findings: Finding[];
  /** What was skipped or cannot be determined, one line each. */
  notes: string[];
}

export function findingOf(rule: Rule, { place, message, patch }: Problem): Finding {
  const { id, severity, cause } = rule;
  const common = { rule: id, severity, ...(cause && { cause }), message: printable(message) };
  if ('instruction' in place) {
    const { file, position } = place.instruction;
    return { ...common, source: file, position, fix: rule.fix };
  }
  const { source, value, locate } = place.object;
  const position = locate(place.path);
  const object = identityOf(value);
  return {
    ...common,
    source,
    ...(position && { position }),
    object,
    field: fieldPath(place.path),
    fix: patch ? patchText(object, patch) : rule.fix,
    ...(patch && { patch }),
  };
}

/** In the order of the sources; on the same line, errors come first. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const sources = [...new Set(findings.map(({ source }) => source))];
  const severities: readonly Severity[] = ['error', 'warning', 'info'];
  const key = ({ source, position, severity }: Finding) => [
    sources.indexOf(source),
    position?.line ?? 0,
    position?.column ?? 0,
    severities.indexOf(severity),
  ];
  return findings.toSorted((a, b) => {
    const [left, right] = [key(a), key(b)];
    return left.reduce((order, value, index) => order || value - (right[index] ?? 0), 0);
  });
}
