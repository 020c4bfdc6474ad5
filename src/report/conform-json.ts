import type { ConformanceResult } from '../conform/suite.ts';
import type { ConformDocument } from './conform-document.ts';
import { jsonText } from './json.ts';

export function conformanceJson(result: ConformanceResult): string {
  return jsonText(conformanceDocument(result));
}

/** The unchanged result, with the number of cases per status. */
export function conformanceDocument(result: ConformanceResult): ConformDocument {
  return { ...result, command: [...result.command], cases: [...result.cases], counts: counts(result) };
}

export function counts({ cases }: Pick<ConformanceResult, 'cases'>) {
  const of = (status: string) => cases.filter((one) => one.status === status).length;
  return { pass: of('pass'), warning: of('warning'), fail: of('fail'), notApplicable: of('not-applicable') };
}
