/** Findings as JSON. The format is versioned, because other programs rely on it. */
import { causeById } from '../analysis/causes.ts';
import type { CheckResult } from '../check/finding.ts';
import { rulePage } from '../check/registry.ts';
import type { CheckDocument } from './check-document.ts';

export function checkJson({ findings, notes }: CheckResult): CheckDocument {
  return {
    format: 'k8s-rollout-test/check/1',
    findings: findings.map(({ patch, cause, position, ...finding }) => ({
      ...finding,
      ...(cause && { cause, causeNumber: causeById(cause).number }),
      ...position,
      fixIsPatch: patch !== undefined,
      page: rulePage(finding.rule),
    })),
    notes,
  };
}
