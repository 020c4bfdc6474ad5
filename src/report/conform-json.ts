import type { ConformanceResult } from '../conform/suite.ts';
import { jsonText } from './json.ts';

/** The unchanged result, with the number of cases per status. */
export function conformanceJson(result: ConformanceResult): string {
  return jsonText({ ...result, counts: counts(result) });
}

export function counts({ cases }: Pick<ConformanceResult, 'cases'>) {
  const of = (status: string) => cases.filter((one) => one.status === status).length;
  return { pass: of('pass'), fail: of('fail'), notApplicable: of('not-applicable') };
}
