/** Limits that are a number or a percentage. */
import type { IntOrPercent } from '../kubernetes-rules/written-objects.ts';

/** `100%`, which needs no total to be known for all. */
export function isPercentOfAll(limit: IntOrPercent | undefined): boolean {
  return typeof limit === 'string' && Number.parseInt(limit, 10) >= 100;
}
