/** The result of the conformance suite as JUnit XML: a test suite per family, a test case per case. */
import { create } from 'xmlbuilder2';
import { FAMILIES, type Family } from '../conform/case.ts';
import type { CaseResult, ConformanceResult } from '../conform/suite.ts';
import { counts } from './conform-json.ts';

export function conformanceJunit(result: ConformanceResult): string {
  // Control characters are not allowed in XML, not even escaped.
  const document = create({ version: '1.0', encoding: 'UTF-8', invalidCharReplacement: '' });
  const suites = document.ele('testsuites', { name: 'k8s-rollout-test conform', ...totals(result.cases) });
  for (const family of Object.keys(FAMILIES) as Family[]) {
    const cases = result.cases.filter((one) => one.family === family);
    if (cases.length === 0) continue;
    const suite = suites.ele('testsuite', { name: FAMILIES[family], ...totals(cases) });
    for (const one of cases) {
      const testcase = suite.ele('testcase', {
        name: `${one.number} ${one.title}`,
        classname: `k8s-rollout-test.conform.${one.id}`,
        time: (one.durationMs / 1000).toFixed(3),
      });
      if (one.status === 'fail') {
        testcase.ele('failure', { message: one.seen }).txt(`expected: ${one.expected}\nseen: ${one.seen}`);
      }
      if (one.status === 'not-applicable') testcase.ele('skipped', { message: one.reason });
    }
  }
  return `${document.end({ prettyPrint: true })}\n`;
}

function totals(cases: readonly CaseResult[]) {
  const { fail, notApplicable } = counts({ cases });
  return { tests: cases.length, failures: fail, errors: 0, skipped: notApplicable };
}
