/** Findings as JSON. The format is versioned, because other programs rely on it. */
import { causeById } from '../analysis/causes.ts';
import type { CheckResult, Finding } from '../check/finding.ts';
import { patchText } from '../check/patch.ts';
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

function findingJson({ patch, cause, position, object, ...finding }: Finding): CheckDocument['findings'][number] {
  return {
    ...finding,
    ...(cause && { cause, causeNumber: causeById(cause).number }),
    ...position,
    ...(object && { object, ...(patch && { patch: patchText(object, patch) }) }),
    page: rulePage(finding.rule),
  };
}
