/** What lies where in a result folder. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TrialIdentity } from '../trace/trace.ts';
import { cellName } from './trial-name.ts';

export const RESULT_FILE = 'result.json';
export const PAGE_FILE = 'report.html';
export const TRACES = 'traces';

/** Where a folder keeps a trial's trace: `traces/valid-node-1.json`. */
export function tracePath(trial: Pick<TrialIdentity, 'runtime' | 'variant' | 'repeat'>): string {
  return join(TRACES, `${cellName(trial)}-${trial.repeat + 1}.json`);
}

/** The paths of the traces in a folder, in order of their names. */
export function traceFiles(dir: string): string[] {
  const traces = join(dir, TRACES);
  if (!existsSync(traces)) return [];
  return readdirSync(traces)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(traces, name));
}
