/**
 * The files of a result folder and their size limits. A folder that is read may come from anyone, so everything is
 * limited.
 */
import { type Dirent, lstatSync, opendirSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { TrialIdentity } from '../trace/trace.ts';
import { MAX_TRIALS } from '../trace/units.ts';
import { cellName } from './trial-name.ts';

export const RESULT_FILE = 'result.json';
export const PAGE_FILE = 'report.html';
export const TRACES = 'traces';

const MIB = 1 << 20;
/** Enough for the largest run: one or two kilobytes for each trial. */
export const MAX_RESULT_BYTES = 64 * MIB;
/** Enough for a trace with 100,000 failed requests. */
export const MAX_TRACE_BYTES = 64 * MIB;
/** All traces of a folder together: some hundred of the usual size, which are read in seconds. */
export const MAX_TRACES_BYTES = 128 * MIB;
export const MAX_SUMMARY_BYTES = MIB;
/** Files of any kind in one folder. */
const MAX_FILES = 2 * MAX_TRIALS;

/** Where a folder keeps a trial's trace: `traces/valid-node-1.json`. */
export function tracePath(trial: Pick<TrialIdentity, 'runtime' | 'variant' | 'repeat'>): string {
  return join(TRACES, `${cellName(trial)}-${trial.repeat + 1}.json`);
}

/**
 * The paths of the traces in a folder, in order of their names.
 * @throws InputError if `traces` is a link or a file, or holds more files than any run writes
 */
export function traceFiles(dir: string): string[] {
  const traces = join(dir, TRACES);
  if (!isFolderInside(traces)) return [];
  return fileNames(traces)
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(traces, name));
}

/** The names in a folder, sorted. @throws InputError if it cannot be read or holds too many */
export function fileNames(dir: string): string[] {
  const names: string[] = [];
  try {
    const entries = opendirSync(dir);
    try {
      for (let entry: Dirent | null = entries.readSync(); entry !== null; entry = entries.readSync()) {
        if (names.length === MAX_FILES) throw new InputError(`${printable(dir)}: holds more than ${MAX_FILES} files`);
        names.push(entry.name);
      }
    } finally {
      entries.closeSync();
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${printable(dir)}: cannot be read: ${(error as Error).message}`, { cause: error });
  }
  return names.sort();
}

/** Only the folder that the user names may be a link. */
function isFolderInside(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (stat.isSymbolicLink()) throw new InputError(`${printable(path)}: is a symbolic link, which is not followed`);
  if (!stat.isDirectory()) throw new InputError(`${printable(path)}: is not a folder`);
  return true;
}
