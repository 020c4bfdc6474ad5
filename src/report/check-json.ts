/** Findings as JSON. The format is versioned, because other programs rely on it. */
import { causeById } from '../analysis/causes.ts';
import type { CheckResult, Finding } from '../check/finding.ts';
import { rulePage } from '../check/registry.ts';
import type { CheckDocument } from './check-document.ts';

export function checkJson({ findings, silenced, notes }: CheckResult): CheckDocument {
  return {
    format: 'k8s-rollout-test/check/1',
    findings: findings.map(findingJson),
    silenced: silenced.map(({ silence, ...finding }) => ({ ...findingJson(finding), silence })),
    notes,
  };
}

function findingJson({ patch, cause, position, ...finding }: Finding): CheckDocument['findings'][number] {
  return {
    ...finding,
    ...(cause && { cause, causeNumber: causeById(cause).number }),
    ...position,
    fixIsPatch: patch !== undefined,
    page: rulePage(finding.rule),
  };
}
