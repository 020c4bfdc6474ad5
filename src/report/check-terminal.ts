/** Findings as text for the terminal. */
import { causeById } from '../analysis/causes.ts';
import type { CheckResult, Finding } from '../check/finding.ts';
import type { ObjectIdentity } from '../check/located-object.ts';
import { mergePatches, patchText } from '../check/patch.ts';
import type { Severity } from '../check/rule.ts';
import { printable, printableName } from '../printable.ts';
import { colorsFor } from './terminal.ts';

/** A patch with a longer line is not printed at all: a truncated patch would be a different patch. */
const LONGEST_PATCH_LINE = 500;

type Colors = ReturnType<typeof colorsFor>;

/** The findings with their positions, patches that fix them, and the totals. Ends with a newline. */
export function renderFindings({ findings, notes }: CheckResult, colors = colorsFor(process.stdout)): string {
  const blocks = [
    ...findings.map((finding) => findingText(finding, colors)),
    ...patches(findings, colors),
    [summary(findings, colors), ...notes.map(printable)].join('\n'),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** `shop.yaml:12:3`, which editors and terminals turn into a link. */
export function placeText({ source, position }: Finding): string {
  const file = printable(source);
  return position ? `${file}:${position.line}:${position.column}` : file;
}

function findingText(finding: Finding, colors: Colors): string {
  const cause = finding.cause && causeById(finding.cause);
  const suffix = cause ? colors.dim(` (cause ${cause.number}: ${cause.name})`) : '';
  const severity = severityColor(finding.severity, colors)(finding.severity);
  return `${placeText(finding)} ${severity} ${colors.bold(finding.rule)}${suffix}\n  ${printable(finding.message)}`;
}

function severityColor(severity: Severity, colors: Colors): (text: string) => string {
  return { error: colors.red, warning: colors.yellow, info: colors.cyan }[severity];
}

/** One patch per object, for its errors and warnings. Infos are left to the reader. */
function patches(findings: readonly Finding[], colors: Colors): string[] {
  const byObject = new Map<string, { object: ObjectIdentity; patches: object[] }>();
  for (const { severity, object, patch } of findings) {
    if (!object || !patch || severity === 'info') continue;
    const key = [object.kind, object.namespace, object.name].join('/');
    const others = byObject.get(key);
    if (others) others.patches.push(patch);
    else byObject.set(key, { object, patches: [patch] });
  }
  return [...byObject.values()].map(({ object, patches }) => {
    const what = `Patch for ${printable(object.kind)} "${printableName(object.name)}" (kubectl patch or kustomize)`;
    const lines = patchText(object, mergePatches(patches) as object).split('\n');
    if (lines.some(({ length }) => length > LONGEST_PATCH_LINE)) {
      return colors.dim(`${what}: too long to print here; see --format json.`);
    }
    return [colors.dim(`${what}:`), ...lines.map((line) => `    ${line}`)].join('\n');
  });
}

function summary(findings: readonly Finding[], colors: Colors): string {
  const of = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const [errors, warnings, infos] = [of('error'), of('warning'), of('info')];
  const counts = [counted(errors, 'error'), counted(warnings, 'warning'), `${infos} info`].join(', ');
  const color = errors > 0 ? colors.red : warnings > 0 ? colors.yellow : colors.green;
  const explain = findings.length > 0 ? ' Run `k8s-rollout-test explain ID` for details.' : '';
  return `${color(`${counts}.`)}${explain}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
