/** Findings as annotations of a GitHub workflow run: commands that the runner reads from the output. */
import type { CheckResult, Finding } from '../check/check.ts';
import type { Severity } from '../check/rule.ts';
import { type ArtifactOf, posixPath } from './artifact.ts';
import { placeText } from './check-terminal.ts';

const COMMANDS: Record<Severity, 'error' | 'warning' | 'notice'> = {
  error: 'error',
  warning: 'warning',
  info: 'notice',
};
/** GitHub shows this many of each kind a step, and drops the others without a word. */
const MAX_OF_A_KIND = 10;

/** A line each, and a newline at the end; what does not fit is counted in the last annotation and printed as text. */
export function githubAnnotations({ findings }: CheckResult, artifactOf: ArtifactOf): string {
  const lines = (Object.keys(COMMANDS) as Severity[]).flatMap((severity) => {
    const all = findings.filter((finding) => finding.severity === severity);
    if (all.length <= MAX_OF_A_KIND) return all.map((finding) => annotation(finding, artifactOf));
    const rest = all.slice(MAX_OF_A_KIND - 1);
    const more = `${rest.length} more findings of this kind are in the log of this step`;
    return [
      ...all.slice(0, MAX_OF_A_KIND - 1).map((finding) => annotation(finding, artifactOf)),
      `::${COMMANDS[severity]} title=k8s-rollout-test::${more}`,
      ...rest.map((finding) => oneLine(`${placeText(finding)} ${severity} ${finding.rule}: ${finding.message}`)),
    ];
  });
  return lines.map((line) => `${line}\n`).join('');
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
    .map(([key, value]) => `${key}=${escapedProperty(String(value))}`)
    .join(',');
  const where = hasLines ? '' : ` (${placeText(finding)})`;
  return `::${COMMANDS[severity]} ${text}::${escapedData(`${message}${where}`)}`;
}

/** Source: toCommandValue and its neighbours in @actions/core. */
function escapedData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapedProperty(text: string): string {
  return escapedData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** Text of a manifest must not start a workflow command of its own. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('::', ': :');
}
