/** docs/causes.md: every cause a broken request can have. */
import { CAUSES, type Cause } from '../../src/analysis/causes.ts';
import { RULES } from '../../src/check/registry.ts';
import { RUNTIMES } from '../../src/manifests/overlays.ts';
import { GENERATED, paragraphs } from './markdown.ts';

export function causesPage(): string {
  return paragraphs([
    '# Causes',
    GENERATED,
    'Every request that a rolling update breaks is given exactly one of these causes. `k8s-rollout-test check` finds some of them in a manifest before anything is rolled: see [checks.md](checks.md).',
    ...CAUSES.map(section),
  ]);
}

function section(cause: Cause): string {
  const { id, number, name, explanation, evidence, fix, measured, overlay } = cause;
  const rules = RULES.filter((rule) => rule.cause === id).map((rule) => `[${rule.id}](checks.md#${rule.id})`);
  const overlays = RUNTIMES.map((runtime) => `\`kustomize/overlays/${overlay}-${runtime}\``).join(', ');
  return paragraphs([
    `## ${id}`,
    `**${number}: ${name}.** ${explanation}`,
    `Recognised by: ${evidence}`,
    `Fix: ${fix}`,
    ...(measured ? [`Measured: ${measured}`] : []),
    ...(overlay
      ? [
          `Everything but this fix: ${overlays}. One rollout of it on Node:`,
          `![The lives of the pods, and the requests that broke](pictures/${id}.svg)`,
        ]
      : []),
    ...(rules.length > 0 ? [`Checks: ${rules.join(', ')}.`] : []),
  ]).trimEnd();
}
