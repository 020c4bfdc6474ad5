/** Reads and writes a baseline. */
import { writeFileSync } from 'node:fs';
import { EnvironmentError } from '../../errors.ts';
import { readJsonFile } from '../../json-file.ts';
import { MIB } from '../../manifests/limits.ts';
import { printable } from '../../printable.ts';
import { Baseline } from './baseline.ts';

/** @throws InputError if there is no such file, or if it is not a baseline */
export function readBaseline(file: string): Baseline {
  return readJsonFile(file, { schema: Baseline, what: 'a baseline', maxBytes: 16 * MIB, mayBeLink: true });
}

/** @throws EnvironmentError if it cannot be written */
export function writeBaseline(file: string, baseline: Baseline): void {
  try {
    writeFileSync(file, `${JSON.stringify(baseline, null, 2)}\n`);
  } catch (error) {
    throw new EnvironmentError(`${printable(file)}: cannot be written: ${(error as Error).message}`, { cause: error });
  }
}
