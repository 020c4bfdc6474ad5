/**
 * Workflow commands of GitHub Actions, `::error title=…::…`, one per line.
 * Source of the escaping: `command.ts` of actions/toolkit (packages/core).
 */

import { printableLines, shortMessage } from '../printable.ts';

/** The text after the second `::`. */
export function escapeData(text: string): string {
  const escaped = shortMessage(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  return printableLines(escaped);
}

/** The value of a property. */
export function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

export interface Annotation {
  level: 'error' | 'warning' | 'notice';
  title: string;
  message: string;
}

/** GitHub shows ten annotations of each level per step and drops the rest. */
export const MAX_ANNOTATIONS = 10;

/** One line per annotation. If there are more than GitHub shows, the last one says how many are left out. */
export function annotationLines(annotations: readonly Annotation[]): string[] {
  const shown =
    annotations.length <= MAX_ANNOTATIONS
      ? annotations
      : [...annotations.slice(0, MAX_ANNOTATIONS - 1), theOthers(annotations.length - MAX_ANNOTATIONS + 1)];
  return shown.map(({ level, title, message }) => `::${level} title=${escapeProperty(title)}::${escapeData(message)}`);
}

function theOthers(howMany: number): Annotation {
  return { level: 'error', title: `${howMany} more`, message: `${howMany} more are in the job summary.` };
}
