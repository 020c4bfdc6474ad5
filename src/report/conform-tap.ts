/**
 * The result of the conformance suite in TAP version 14 (https://testanything.org/tap-version-14-specification.html).
 */
import type { CaseResult, ConformanceResult } from '../conform/suite.ts';
import { logLine, printable } from '../printable.ts';
import { yamlText } from '../yaml-text.ts';

export function conformanceTap({ cases }: ConformanceResult): string {
  return ['TAP version 14', `1..${cases.length}`, ...cases.flatMap(lines), ''].join('\n');
}

/**
 * Test points are numbered consecutively, no matter which cases were chosen. The description has the case's own number.
 */
function lines(result: CaseResult, index: number): string[] {
  const point = `${index + 1} - ${escaped(`${result.number} ${result.title}`)}`;
  if (result.status === 'pass') return [`ok ${point}`, ...diagnostics({ seen: result.seen })];
  if (result.status === 'warning') {
    return [
      `ok ${point}`,
      ...diagnostics({ id: result.id, severity: 'warning', seen: result.seen, advice: result.advice }),
    ];
  }
  if (result.status === 'not-applicable') return [`ok ${point} # SKIP ${logLine(result.reason)}`];
  const { expected, seen, id } = result;
  return [`not ok ${point}`, ...diagnostics({ id, expected, seen })];
}

/** A block of YAML after a test point; nothing without a value. */
function diagnostics(values: Readonly<Record<string, string | undefined>>): string[] {
  const present = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  if (Object.keys(present).length === 0) return [];
  const lines = yamlText(present).trimEnd().split('\n');
  return ['  ---', ...lines.map((line) => `  ${line}`), '  ...'];
}

function escaped(description: string): string {
  return printable(description).replaceAll(/[\\#]/g, '\\$&');
}
