/** Findings as JSON. The format is versioned, because other programs rely on it. */
import { causeById } from '../analysis/causes.ts';
import type { CheckResult } from '../check/check.ts';
import { rulePage } from '../check/registry.ts';

export function checkJson({ findings, notes }: CheckResult) {
  return {
    format: 'k8s-rollout-test/check/1',
    findings: findings.map(({ patch, cause, position, ...finding }) => ({
      ...finding,
      ...(cause && { cause, causeNumber: causeById(cause).number }),
      ...position,
      /** Whether `fix` is a patch for this object; else it is an example. */
      fixIsPatch: patch !== undefined,
      page: rulePage(finding.rule),
    })),
    notes,
  };
}
