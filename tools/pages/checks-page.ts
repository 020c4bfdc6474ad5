/** docs/checks.md: every rule of `check`. */
import { causeById } from '../../src/analysis/causes.ts';
import { RULES } from '../../src/check/registry.ts';
import type { Rule } from '../../src/check/rule.ts';
import { GENERATED, paragraphs } from './markdown.ts';

export function checksPage(): string {
  return paragraphs([
    '# Checks',
    GENERATED,
    'The rules that `k8s-rollout-test check` applies to manifests and Dockerfiles. An **error** breaks requests or hangs the rollout, whatever the app does: its section names the measurement or the source. A **warning** does so with some apps, under some load or on some clusters, and an **info** is worth knowing. The exit code is 1 if there is an error or a warning. [silencing.md](silencing.md) shows how to turn rules off and change their severity. `k8s-rollout-test explain ID` prints a rule in the terminal. [causes.md](causes.md) explains the causes.',
    table(),
    ...RULES.map(section),
  ]);
}

function table(): string {
  const rows = RULES.map(({ id, severity, title, cause }) => {
    const link = cause ? `[${causeById(cause).name}](causes.md#${cause})` : '';
    return `| [${id}](#${id}) | ${severity} | ${title} | ${link} |`;
  });
  return ['| rule | severity | what it finds | cause of broken requests |', '|---|---|---|---|', ...rows].join('\n');
}

function section(rule: Rule): string {
  const { id, title, severity, cause, explanation, measured, documented, fix, alsoKnownAs } = rule;
  const language = fix.startsWith('#!') ? 'sh' : fix.startsWith('FROM ') ? 'dockerfile' : 'yaml';
  const facts = [severity, ...(cause ? [`cause: [${causeById(cause).name}](causes.md#${cause})`] : [])];
  return paragraphs([
    `## ${id}`,
    `**${sentence(title)}** (${facts.join('; ')})`,
    explanation,
    ...(measured ? [`**Measured.** ${measured}`] : []),
    ...(documented ? [`**Source.** ${documented}`] : []),
    '**How to fix it.**',
    `\`\`\`${language}\n${fix}\n\`\`\``,
    ...(alsoKnownAs ? [`**In other tools.** ${alsoKnownAs.join(', ')}.`] : []),
  ]).trimEnd();
}

function sentence(text: string): string {
  return `${text[0]?.toUpperCase()}${text.slice(1)}`;
}
