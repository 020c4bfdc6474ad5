/** A baseline: the findings that a team has accepted for now, so that only new ones fail. */
import * as z from 'zod';
import type { CheckResult, Finding } from '../finding.ts';
import type { SilencedFinding } from './silence.ts';

export const Baseline = z.object({
  format: z.literal('k8s-rollout-test/baseline/1'),
  findings: z
    .record(z.string(), z.int().positive())
    .describe('how many findings there are of each kind: the rule, the object and its field, without lines'),
});
export type Baseline = z.infer<typeof Baseline>;

/** The findings as a baseline, in alphabetical order, so that a change of it is easy to read. */
export function baselineOf(findings: readonly Finding[]): Baseline {
  const counts = new Map<string, number>();
  for (const { fingerprint } of findings) counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + 1);
  const sorted = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { format: 'k8s-rollout-test/baseline/1', findings: Object.fromEntries(sorted) };
}

/**
 * The result without the findings of the baseline, which count as silenced. Of more findings of a kind than the baseline
 * has, the last ones are new.
 * @param file of the baseline, for messages
 * @param allRules whether all rules were applied, so that what the baseline has and the result has not is gone
 */
export function withBaseline(result: CheckResult, baseline: Baseline, file: string, allRules: boolean): CheckResult {
  const left = new Map(Object.entries(baseline.findings));
  const silenced: SilencedFinding[] = [];
  const findings = result.findings.filter((finding) => {
    const count = left.get(finding.fingerprint) ?? 0;
    if (count === 0) return true;
    left.set(finding.fingerprint, count - 1);
    silenced.push({ ...finding, silence: { kind: 'baseline', by: file } });
    return false;
  });
  const gone = [...left.values()].reduce((sum, count) => sum + count, 0);
  const note = `${file} has ${gone} ${gone === 1 ? 'finding' : 'findings'} that no longer occur: --write-baseline ${file} removes them.`;
  return {
    findings,
    silenced: [...result.silenced, ...silenced],
    notes: gone === 0 || !allRules ? result.notes : [...result.notes, note],
  };
}
