/** Limits that are a number or a percentage. */
import type { IntOrPercent } from '../kubernetes-rules/written-objects.ts';

/** Whether the limit is `100%` or more, which means all pods whatever their number. */
export function isPercentOfAll(limit: IntOrPercent | undefined): boolean {
  return typeof limit === 'string' && Number.parseInt(limit, 10) >= 100;
}
