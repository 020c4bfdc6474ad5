/** Findings as text for the terminal. */
import { causeById } from '../analysis/causes.ts';
import type { CheckResult, Finding } from '../check/finding.ts';
import { ruleById } from '../check/registry.ts';
import type { Severity } from '../check/rule.ts';
import type { SilencedFinding } from '../check/silence/silence.ts';
import { printable } from '../printable.ts';
import { type Block, blocksOf, type Group, joinedNotes } from './check-groups.ts';
import { patchLines } from './check-patches.ts';
import { groundsOf } from './explanation.ts';
import { colorsFor } from './terminal.ts';
import { wrapped } from './wrap.ts';

type Colors = ReturnType<typeof colorsFor>;

export interface TextOptions {
  /** Also infos, silenced findings, and every patch. */
  all?: boolean | undefined;
  /** With the explanation of each rule. */
  explain?: boolean | undefined;
}

/** A block per rule, patches that fix the findings, and the totals. Ends with a newline. */
export function renderFindings(
  { findings, silenced, notes }: CheckResult,
  { all = false, explain = false }: TextOptions = {},
  colors = colorsFor(process.stdout),
): string {
  const shown = all ? findings : findings.filter(({ severity }) => severity !== 'info');
  const blocks = [
    ...blocksOf(shown).map((block) => blockText(block, explain, colors)),
    ...(all && silenced.length > 0 ? [silencedText(silenced, colors)] : []),
    ...patchLines(findings, colors.dim, all),
    [
      summary(findings, explain, colors),
      ...(all ? [] : infosText(findings)),
      ...silencedCounts(silenced, all),
      ...joinedNotes(notes.map(printable)),
    ].join('\n'),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** `shop.yaml:12:3`, which editors and terminals turn into a link. */
export function placeText({ source, position }: Pick<Finding, 'source' | 'position'>): string {
  const file = printable(source);
  return position ? `${file}:${position.line}:${position.column}` : file;
}

function blockText({ rule, severity, findings, groups }: Block, explain: boolean, colors: Colors): string {
  const known = ruleById(rule);
  const cause = known.cause && causeById(known.cause);
  const count = findings.length > 1 ? `, ${findings.length} findings` : '';
  const suffix = cause ? colors.dim(` (cause ${cause.number}: ${cause.name})`) : '';
  const heading = `${severityColor(severity, colors)(severity)} ${colors.bold(rule)}${count}: ${known.title}${suffix}`;
  const why = [known.explanation, ...groundsOf(known)];
  return [
    heading,
    ...(explain ? why.map((text) => colors.dim(wrapped(text, '  '))) : []),
    ...groups.map(groupText),
  ].join('\n');
}

function groupText({ text, members }: Group): string {
  const places = members.map(({ finding }) => placeText(finding));
  const width = Math.max(...places.map(({ length }) => length));
  const lines = members.map(({ subject }, index) => `    ${places[index]?.padEnd(width)}  ${subject}`.trimEnd());
  return [wrapped(printable(text), '  '), ...lines].join('\n');
}

function severityColor(severity: Severity, colors: Colors): (text: string) => string {
  return { error: colors.red, warning: colors.yellow, info: colors.cyan }[severity];
}

function silencedText(silenced: readonly SilencedFinding[], colors: Colors): string {
  const lines = silenced.map((finding) => {
    const { by, reason } = finding.silence;
    const why = reason === undefined ? '' : `: ${reason}`;
    return wrapped(printable(`${placeText(finding)} ${finding.severity} ${finding.rule}, by ${by}${why}`), '  ');
  });
  return [colors.bold('Silenced:'), ...lines].join('\n');
}

function summary(findings: readonly Finding[], explain: boolean, colors: Colors): string {
  const of = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const [errors, warnings, infos] = [of('error'), of('warning'), of('info')];
  const counts = [counted(errors, 'error'), counted(warnings, 'warning'), `${infos} info`].join(', ');
  const color = errors > 0 ? colors.red : warnings > 0 ? colors.yellow : colors.green;
  const hint = findings.length > 0 && !explain ? ' Run `k8s-rollout-test explain ID` for details.' : '';
  return `${color(`${counts}.`)}${hint}`;
}

function infosText(findings: readonly Finding[]): string[] {
  const counts = blocksOf(findings.filter(({ severity }) => severity === 'info')).map(
    ({ rule, findings: { length } }) => `${length} ${rule}`,
  );
  return counts.length === 0 ? [] : [wrapped(`Info (--all shows it): ${counts.join(', ')}.`)];
}

/** For example `5 silenced: 3 by annotations, 2 by .rollout-test.yaml.` */
function silencedCounts(silenced: readonly SilencedFinding[], all: boolean): string[] {
  if (silenced.length === 0) return [];
  const counts = new Map<string, number>();
  for (const { silence } of silenced) {
    const by = silence.kind === 'annotation' ? 'annotations' : silence.by;
    counts.set(by, (counts.get(by) ?? 0) + 1);
  }
  const who = [...counts].map(([by, count]) => `${count} by ${printable(by)}`).join(', ');
  return [wrapped(`${silenced.length} silenced: ${who}${all ? '' : ' (--all shows why)'}.`)];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
