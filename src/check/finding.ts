/** What the check found: findings, and their order. */
import { basename } from 'node:path';
import type { CauseId } from '../analysis/causes.ts';
import type { Position } from '../manifests/yaml-documents.ts';
import { printable } from '../printable.ts';
import { fieldPath } from '../schema-issue.ts';
import { identityOf, namedPath, type ObjectIdentity } from './identity.ts';
import type { ReadingProblem } from './reading-problem.ts';
import type { Problem, Rule, Severity } from './rule.ts';
import type { SilencedFinding } from './silence/silence.ts';

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
  /** A strategic merge patch that fixes the object; absent if the manifest alone does not determine the fix. */
  patch?: object;
  /** The rule, the object and its field, without lines and list indices: the same finding after the file has changed. */
  fingerprint: string;
}

export interface CheckResult {
  /** Sorted by source, line and rule. */
  findings: Finding[];
  /** Findings that do not count, in no order. */
  silenced: SilencedFinding[];
  /** What was skipped or cannot be determined, one line each. */
  notes: string[];
}

export function findingOf(rule: Rule, { place, message, patch, severity = rule.severity }: Problem): Finding {
  const { id, cause } = rule;
  const common = { rule: id, severity, ...(cause && { cause }), message: printable(message) };
  if ('instruction' in place) {
    const { file, position } = place.instruction;
    return { ...common, source: file, position, fingerprint: `${id} ${basename(file)}` };
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
    ...(patch && { patch }),
    fingerprint: fingerprintOf(id, object, namedPath(value, place.path)),
  };
}

/** A finding about something that could not be read, or not as it looks. */
export function readingFinding(rule: Rule, problem: ReadingProblem): Finding {
  const { message, source, position, object, field, namedField = field ?? '' } = problem;
  return {
    rule: rule.id,
    severity: rule.severity,
    message: printable(message),
    source,
    position,
    ...(object && { object, field: field ?? '' }),
    fingerprint: object
      ? fingerprintOf(rule.id, object, namedField)
      : printable([rule.id, basename(source), field].filter(Boolean).join(' ')),
  };
}

function fingerprintOf(rule: string, { kind, namespace, name }: ObjectIdentity, field: string): string {
  const object = [kind, ...(namespace === undefined ? [] : [namespace]), name].join('/');
  return printable([rule, object, field].filter(Boolean).join(' '));
}

/**
 * In the order of the sources; on the same line, errors come first.
 * @param first the names of sources, in order; the others follow as they come
 */
export function inOrder(findings: readonly Finding[], first: readonly string[] = []): Finding[] {
  const sources = [...new Set([...first, ...findings.map(({ source }) => source)])];
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
