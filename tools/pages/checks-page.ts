/** docs/checks.md: every rule of `check`. */
import { causeById } from '../../src/analysis/causes.ts';
import { RULES } from '../../src/check/registry.ts';
import type { Rule } from '../../src/check/rule.ts';
import { GENERATED, paragraphs } from './markdown.ts';

export function checksPage(): string {
  return paragraphs([
    '# Checks',
    GENERATED,
    'What `k8s-rollout-test check` looks for in manifests and Dockerfiles. An **error** breaks requests in every rollout, a **warning** in some, and an **info** is worth knowing; errors and warnings make the exit code 1. `k8s-rollout-test explain ID` prints the same in the terminal. Causes are those of [causes.md](causes.md).',
    table(),
    ...RULES.map(section),
  ]);
}

function table(): string {
  const rows = RULES.map(({ id, severity, title, cause }) => {
    const link = cause ? `[${causeById(cause).name}](causes.md#${cause})` : '';
    return `| [${id}](#${id}) | ${severity} | ${title} | ${link} |`;
  });
  return ['| rule | severity | what it finds | cause |', '|---|---|---|---|', ...rows].join('\n');
}

function section({ id, title, severity, cause, explanation, measured, fix, alsoKnownAs }: Rule): string {
  const language = fix.startsWith('#!') ? 'sh' : 'yaml';
  const facts = [severity, ...(cause ? [`cause: [${causeById(cause).name}](causes.md#${cause})`] : [])];
  return paragraphs([
    `## ${id}`,
    `**${sentence(title)}** (${facts.join('; ')})`,
    explanation,
    ...(measured ? [`Measured: ${measured}`] : []),
    `\`\`\`${language}\n${fix}\n\`\`\``,
    ...(alsoKnownAs ? [`Elsewhere: ${alsoKnownAs.join(', ')}.`] : []),
  ]).trimEnd();
}

function sentence(text: string): string {
  return `${text[0]?.toUpperCase()}${text.slice(1)}`;
}
