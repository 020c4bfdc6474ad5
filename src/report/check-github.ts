/** Findings as annotations of a GitHub workflow run: commands in the output that the runner reads. */
import type { CheckResult, Finding } from '../check/finding.ts';
import type { Severity } from '../check/rule.ts';
import { logLine } from '../printable.ts';
import { type ArtifactOf, posixPath } from './artifact.ts';
import { placeText } from './check-terminal.ts';
import { type Annotation, escapeData, escapeProperty, MAX_ANNOTATIONS } from './github-escape.ts';

const COMMANDS: Record<Severity, Annotation['level']> = {
  error: 'error',
  warning: 'warning',
  info: 'notice',
};

/**
 * One line per finding, each ending with a newline. If there are more than GitHub shows, the last annotation says how
 * many, and the rest follow as plain text.
 */
export function checkAnnotations({ findings }: CheckResult, artifactOf: ArtifactOf): string {
  const lines = (Object.keys(COMMANDS) as Severity[]).flatMap((severity) => {
    const all = findings.filter((finding) => finding.severity === severity);
    if (all.length <= MAX_ANNOTATIONS) return all.map((finding) => annotation(finding, artifactOf));
    const rest = all.slice(MAX_ANNOTATIONS - 1);
    const more = `${rest.length} more findings of this kind are in the log of this step`;
    return [
      ...all.slice(0, MAX_ANNOTATIONS - 1).map((finding) => annotation(finding, artifactOf)),
      `::${COMMANDS[severity]} title=k8s-rollout-test::${more}`,
      ...rest.map(logText),
    ];
  });
  return lines.map((line) => `${line}\n`).join('');
}

/** The text may come from anyone, so no `::` is left in the line: the runner could take it for a command. */
function logText(finding: Finding): string {
  const { severity, rule, message } = finding;
  return logLine(`${placeText(finding)} ${severity} ${rule}: ${message}`).replaceAll('::', ': :');
}

function annotation(finding: Finding, artifactOf: ArtifactOf): string {
  const { severity, rule, message, source, position } = finding;
  const { file, hasLines } = artifactOf(source);
  const properties: Record<string, string | number | undefined> = {
    file: file === undefined ? undefined : posixPath(file),
    ...(hasLines && position && { line: position.line, col: position.column }),
    title: rule,
  };
  const text = Object.entries(properties)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${escapeProperty(String(value))}`)
    .join(',');
  const where = hasLines ? '' : ` (${placeText(finding)})`;
  return `::${COMMANDS[severity]} ${text}::${escapeData(`${message}${where}`)}`;
}
