/**
 * The result as JUnit XML: a test suite per runtime and a test case per variant. A variant that broke requests fails,
 * unless it lacks a fix on purpose; one that was not measured properly is an error.
 */
import { create } from 'xmlbuilder2';
import type { TrialResult } from '../analysis/result.ts';
import { VARIANTS } from '../manifests/overlays.ts';
import type { ReportContents } from './contents.ts';
import { count, percent, rate } from './format.ts';
import { runtimeName } from './names.ts';
import { type Cell, matrix } from './summary.ts';

/** Variants that lack a fix on purpose; every other one, a service of one's own too, has to pass. */
const MEANT_TO_BREAK: readonly string[] = VARIANTS.filter((variant) => variant !== 'valid');

export function junitReport({ trials }: ReportContents): string {
  const results = trials.map((trial) => trial.result);
  const { runtimes, rows } = matrix(results);
  const cells = rows.flatMap((row) => row.cells).filter((cell) => cell !== undefined);
  // Control characters are not allowed in XML, not even escaped.
  const document = create({ version: '1.0', encoding: 'UTF-8', invalidCharReplacement: '' });
  const suites = document.ele('testsuites', { name: 'k8s-rollout-test', ...totals(cells) });
  for (const runtime of runtimes) {
    const own = cells.filter((cell) => cell.runtime === runtime);
    const name = `${runtimeName(runtime)} ${own[0]?.runtimeVersion ?? ''}`.trim();
    const suite = suites.ele('testsuite', { name, ...totals(own) });
    for (const cell of own) {
      const of = results.filter((result) => result.runtime === runtime && result.variant === cell.variant);
      const rolloutsMs = of.reduce((sum, result) => sum + (result.rolloutMs ?? 0), 0);
      const testcase = suite.ele('testcase', {
        name: cell.variant,
        classname: `k8s-rollout-test.${runtime}`,
        time: (rolloutsMs / 1000).toFixed(3),
      });
      const outcome = outcomeOf(cell);
      if (outcome === 'error') testcase.ele('error', { message: 'not valid' }).txt(reasons(of).join('\n'));
      if (outcome === 'failure')
        testcase.ele('failure', { message: `${count(cell.failed)} requests broke` }).txt(told(cell));
      testcase.ele('system-out').txt(told(cell));
    }
  }
  return `${document.end({ prettyPrint: true })}\n`;
}

function outcomeOf({ invalid, variant, failed }: Cell): 'passed' | 'failure' | 'error' {
  if (invalid > 0) return 'error';
  return failed > 0 && !MEANT_TO_BREAK.includes(variant) ? 'failure' : 'passed';
}

function totals(cells: readonly Cell[]) {
  const of = (outcome: string) => cells.filter((cell) => outcomeOf(cell) === outcome).length;
  return { tests: cells.length, failures: of('failure'), errors: of('error') };
}

function reasons(trials: readonly TrialResult[]): string[] {
  return trials.flatMap(({ repeat, invalidReasons }) =>
    invalidReasons.map((reason) => `rollout ${repeat + 1}: ${reason}`),
  );
}

function told(cell: Cell): string {
  if (cell.failed === 0)
    return `0 of ${count(cell.exposed)} exposed requests broke (at most ${percent(cell.failedUpperBound)})`;
  const perPod = cell.podsReplaced > 1 ? `, ${rate(cell.failed / cell.podsReplaced)} per pod replaced` : '';
  const causes = cell.causes.map((cause) => `${cause.name}: ${count(cause.failed)}`);
  return [`${count(cell.failed)} requests broke${perPod}`, ...causes].join('\n');
}
