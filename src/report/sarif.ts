/** Findings as SARIF 2.1.0, which GitHub code scanning and editors read. */

import type { Log, ReportingDescriptor, Result, Run } from 'sarif';
import packageJson from '../../package.json' with { type: 'json' };
import type { CheckResult, Finding } from '../check/check.ts';
import { RULES, rulePage } from '../check/registry.ts';
import type { Rule, Severity } from '../check/rule.ts';
import { type ArtifactOf, artifactUri } from './artifact.ts';
import { placeText } from './check-terminal.ts';

/** @param artifactOf the file that a source's findings point to, where it is one */
export function sarif({ findings }: CheckResult, artifactOf: ArtifactOf): Log {
  const run: Run = {
    tool: { driver: { name: packageJson.name, version: packageJson.version, rules: RULES.map(descriptor) } },
    columnKind: 'utf16CodeUnits',
    results: findings.map((finding) => result(finding, artifactOf)),
  };
  return { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] };
}

/** The page is named in the help: `helpUri` has to be absolute, and the page is a file of the repository. */
function descriptor({ id, title, severity, explanation, measured, fix, cause }: Rule): ReportingDescriptor {
  const prose = [explanation, ...(measured ? [`Measured: ${measured}`] : [])];
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

/** Text of a message may hold links, `[…](…)`, and places for arguments, `{0}`; a foreign one must not. */
function messageText(text: string): string {
  return text.replaceAll('](', '] (').replaceAll(/\{(\d+)\}/g, '{{$1}}');
}

function level(severity: Severity): 'error' | 'warning' | 'note' {
  return severity === 'info' ? 'note' : severity;
}
