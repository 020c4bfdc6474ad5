/** The result of the conformance suite as TAP, version 14 (https://testanything.org/tap-version-14-specification.html). */
import { stringify } from 'yaml';
import type { CaseResult, ConformanceResult } from '../conform/suite.ts';

export function conformanceTap({ cases }: ConformanceResult): string {
  return ['TAP version 14', `1..${cases.length}`, ...cases.flatMap(lines), ''].join('\n');
}

/** Test points are numbered in a row, whichever cases were chosen; the case's own number is in the description. */
function lines(result: CaseResult, index: number): string[] {
  const point = `${index + 1} - ${escaped(`${result.number} ${result.title}`)}`;
  if (result.status === 'pass') return [`ok ${point}`];
  if (result.status === 'not-applicable') return [`ok ${point} # SKIP ${result.reason.replaceAll('\n', ' ')}`];
  const { expected, seen, id } = result;
  const diagnostics = stringify({ id, expected, seen }).trimEnd().split('\n');
  return [`not ok ${point}`, '  ---', ...diagnostics.map((line) => `  ${line}`), '  ...'];
}

function escaped(description: string): string {
  return description.replaceAll(/[\\#]/g, '\\$&');
}
