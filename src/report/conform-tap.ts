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
  if (result.status === 'pass') return [`ok ${point}`];
  if (result.status === 'not-applicable') return [`ok ${point} # SKIP ${logLine(result.reason)}`];
  const { expected, seen, id } = result;
  const diagnostics = yamlText({ id, expected, seen }).trimEnd().split('\n');
  return [`not ok ${point}`, '  ---', ...diagnostics.map((line) => `  ${line}`), '  ...'];
}

function escaped(description: string): string {
  return printable(description).replaceAll(/[\\#]/g, '\\$&');
}
