/** Text about rules and causes, for the `explain` command. */
import { type Cause, causeById } from '../analysis/causes.ts';
import type { Rule } from '../check/rule.ts';
import { wrapped } from './wrap.ts';

export function renderRule(rule: Rule): string {
  const cause = rule.cause && causeById(rule.cause);
  const facts = [
    `Severity: ${rule.severity}`,
    ...(cause ? [`Cause: ${cause.number}, ${cause.name} (explain ${cause.id})`] : []),
    ...(rule.alsoKnownAs ? [`In other tools: ${rule.alsoKnownAs.join(', ')}`] : []),
  ];
  return sections([
    `${rule.id}: ${rule.title}`,
    facts.map((fact) => wrapped(fact)).join('\n'),
    wrapped(rule.explanation),
    ...groundsOf(rule).map((text) => wrapped(text)),
    `Fix:\n${indented(rule.fix)}`,
    `Accept it for one workload, with an annotation (other ways: docs/silencing.md):\n    rollout-test/ignore: ${rule.id}; REASON`,
  ]);
}

/** What the rule is based on, a paragraph each. */
export function groundsOf({ measured, documented }: Pick<Rule, 'measured' | 'documented'>): string[] {
  return [...(measured ? [`Measured: ${measured}`] : []), ...(documented ? [`Source: ${documented}`] : [])];
}

/** @param rules all rules; those about this cause are listed */
export function renderCause(cause: Cause, rules: readonly Rule[]): string {
  const related = rules.filter((rule) => rule.cause === cause.id).map(({ id }) => id);
  return sections([
    `${cause.id}: ${cause.name} (cause ${cause.number})`,
    wrapped(cause.explanation),
    wrapped(`Recognised by: ${cause.evidence}`),
    wrapped(`Fix: ${cause.fix}`),
    ...(cause.measured ? [wrapped(`Measured: ${cause.measured}`)] : []),
    ...(cause.overlay ? [`Shown by the overlays ${cause.overlay}-{node,bun,deno}, which lack only this fix.`] : []),
    ...(related.length > 0 ? [wrapped(`Rules of check about it: ${related.join(', ')}`)] : []),
  ]);
}

interface Topic {
  id: string;
  title: string;
}

export function renderList(rules: readonly Rule[], causes: readonly Cause[], topics: readonly Topic[]): string {
  const width = Math.max(...[...rules, ...causes, ...topics].map(({ id }) => id.length));
  const ruleLines = rules.map(({ id, severity, title }) => `  ${id.padEnd(width)}  ${severity.padEnd(7)}  ${title}`);
  const causeLines = causes.map(({ id, number, name }) => `  ${id.padEnd(width)}  ${number}  ${name}`);
  const topicLines = topics.map(({ id, title }) => `  ${id.padEnd(width)}  ${title}`);
  return sections([
    `Rules of check:\n${ruleLines.join('\n')}`,
    `Causes of broken requests:\n${causeLines.join('\n')}`,
    `Topics:\n${topicLines.join('\n')}`,
  ]);
}

function sections(texts: readonly string[]): string {
  return `${texts.join('\n\n')}\n`;
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ');
}
