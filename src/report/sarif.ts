/** Findings as SARIF 2.1.0, for GitHub code scanning and editors. */

import type { Log, ReportingDescriptor, Result, Run } from 'sarif';
import packageJson from '../../package.json' with { type: 'json' };
import type { CheckResult, Finding } from '../check/finding.ts';
import { RULES, rulePage } from '../check/registry.ts';
import type { Rule, Severity } from '../check/rule.ts';
import type { SilencedFinding } from '../check/silence/silence.ts';
import { printable } from '../printable.ts';
import { type ArtifactOf, artifactUri } from './artifact.ts';
import { placeText } from './check-terminal.ts';
import { groundsOf } from './explanation.ts';

/** @param artifactOf maps the source of a finding to a file, if it is one */
export function sarif({ findings, silenced }: CheckResult, artifactOf: ArtifactOf): Log {
  // SARIF requires `suppressions` on all results of a run or on none; an empty list says that the result counts.
  const isNone = silenced.length === 0;
  const counted = findings.map((finding) => ({ ...result(finding, artifactOf), ...(!isNone && { suppressions: [] }) }));
  const run: Run = {
    tool: { driver: { name: packageJson.name, version: packageJson.version, rules: RULES.map(descriptor) } },
    columnKind: 'utf16CodeUnits',
    results: [...counted, ...silenced.map((finding) => suppressed(finding, artifactOf))],
  };
  return { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] };
}

/** The rule's page is linked in the help text: `helpUri` must be absolute, and the page is a file of the repository. */
function descriptor(rule: Rule): ReportingDescriptor {
  const { id, title, severity, explanation, fix, cause } = rule;
  const prose = [explanation, ...groundsOf(rule)];
  const page = rulePage(id);
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: explanation },
    help: {
      text: [...prose, `Fix:\n${fix}`, `See ${page}`].join('\n\n'),
      markdown: [...prose, `\`\`\`yaml\n${fix}\n\`\`\``, `See [${page}](${page}).`].join('\n\n'),
    },
    defaultConfiguration: { level: level(severity) },
    properties: { page, ...(cause && { tags: [cause] }) },
  };
}

function result(finding: Finding, artifactOf: ArtifactOf): Result {
  const { rule, severity, message, source, position, object, field } = finding;
  const { file, hasLines } = artifactOf(source);
  const region = position && hasLines ? { startLine: position.line, startColumn: position.column } : undefined;
  const where = hasLines ? '' : ` (${placeText(finding)})`;
  const name = object && [object.namespace, object.kind, object.name, field].filter(Boolean).join('/');
  return {
    ruleId: rule,
    ruleIndex: RULES.findIndex(({ id }) => id === rule),
    level: level(severity),
    message: { text: messageText(`${message}${where}`) },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: artifactUri(file ?? source) }, ...(region && { region }) },
        ...(name && { logicalLocations: [{ fullyQualifiedName: name, kind: 'resource' }] }),
      },
    ],
  };
}

function suppressed(finding: SilencedFinding, artifactOf: ArtifactOf): Result {
  const { kind, by, reason } = finding.silence;
  const justification = printable(reason === undefined ? by : `${reason} (${by})`);
  const suppression = { kind: kind === 'annotation' ? ('inSource' as const) : ('external' as const), justification };
  return { ...result(finding, artifactOf), suppressions: [{ ...suppression, status: 'accepted' }] };
}

/** SARIF messages may contain links, `[…](…)`, and placeholders, `{0}`. Text from outside must not. */
function messageText(text: string): string {
  return text.replaceAll('](', '] (').replaceAll(/\{(\d+)\}/g, '{{$1}}');
}

function level(severity: Severity): 'error' | 'warning' | 'note' {
  return severity === 'info' ? 'note' : severity;
}
