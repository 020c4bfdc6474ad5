/** The result of the conformance suite as JUnit XML: a test suite per family, a test case per case. */
import { FAMILIES, type Family } from '../conform/case.ts';
import type { CaseResult, ConformanceResult } from '../conform/suite.ts';
import { counts } from './conform-json.ts';
import { element, xmlRoot, xmlText } from './xml.ts';

export function conformanceJunit(result: ConformanceResult): string {
  const suites = xmlRoot('testsuites', { name: 'k8s-rollout-test conform', ...totals(result.cases) });
  for (const family of Object.keys(FAMILIES) as Family[]) {
    const cases = result.cases.filter((one) => one.family === family);
    if (cases.length === 0) continue;
    const suite = element(suites, 'testsuite', { name: FAMILIES[family], ...totals(cases) });
    for (const one of cases) {
      const testcase = element(suite, 'testcase', {
        name: `${one.number} ${one.title}`,
        classname: `k8s-rollout-test.conform.${one.id}`,
        time: (one.durationMs / 1000).toFixed(3),
      });
      if (one.status === 'fail') {
        element(testcase, 'failure', { message: one.seen }, `expected: ${one.expected}\nseen: ${one.seen}`);
      }
      // JUnit has no warnings: the test case passes, with its text as output.
      if (one.status === 'warning') element(testcase, 'system-out', {}, `warning: ${one.seen}\n${one.advice}`);
      if (one.status === 'pass' && one.seen !== undefined) element(testcase, 'system-out', {}, one.seen);
      if (one.status === 'not-applicable') element(testcase, 'skipped', { message: one.reason });
    }
  }
  return xmlText(suites);
}

function totals(cases: readonly CaseResult[]) {
  const { fail, notApplicable } = counts({ cases });
  return { tests: cases.length, failures: fail, errors: 0, skipped: notApplicable };
}
