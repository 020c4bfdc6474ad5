/** What commands that run their load within a cluster share. */
import { printStatus } from '../output.ts';

/** The image of the load's pods. */
export const K6_IMAGE = 'grafana/k6:1.8.1';

export function reportLeftNamespaces(deleted: readonly string[], doubtful: readonly string[]): void {
  if (deleted.length > 0) printStatus(`removed what an earlier run had left: namespace ${deleted.join(', ')}`);
  for (const text of doubtful) printStatus(text);
}
