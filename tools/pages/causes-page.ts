/** docs/causes.md: every cause of a broken request. */
import { CAUSES, type Cause } from '../../src/analysis/causes.ts';
import { RULES } from '../../src/check/registry.ts';
import { RUNTIMES } from '../../src/manifests/overlays.ts';
import { GENERATED, paragraphs } from './markdown.ts';

export function causesPage(): string {
  return paragraphs([
    '# Causes',
    GENERATED,
    'Why a rolling update breaks requests, and how to fix it. Every broken request gets exactly one of these causes. `k8s-rollout-test check` finds some of them in a manifest before you roll anything out: see [checks.md](checks.md). `k8s-rollout-test explain ID` prints a cause in the terminal.',
    ...CAUSES.map(section),
  ]);
}

function section(cause: Cause): string {
  const { id, number, name, explanation, evidence, fix, measured, overlay } = cause;
  const rules = RULES.filter((rule) => rule.cause === id).map((rule) => `[${rule.id}](checks.md#${rule.id})`);
  const overlays = RUNTIMES.map((runtime) => `\`kustomize/overlays/${overlay}-${runtime}\``).join(', ');
  return paragraphs([
    `## ${id}`,
    `**Cause ${number}: ${name}.** ${explanation}`,
    `**How it is recognised.** ${evidence}`,
    `**How to fix it.** ${fix}`,
    ...(measured ? [`**Measured.** ${measured}`] : []),
    ...(overlay
      ? [
          `**Try it.** These overlays lack only this fix: ${overlays}. One rollout of the first one, on Node:`,
          `![The timelines of the pods, and the requests that broke](pictures/${id}.svg)`,
        ]
      : []),
    ...(rules.length > 0 ? [`**Rules of \`check\`.** ${rules.join(', ')}.`] : []),
  ]).trimEnd();
}
