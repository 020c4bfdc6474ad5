/** Runs the program for one measurement and keeps its result. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectFile } from '../../src/project-file.ts';
import { type Measurement, resultFolder } from './measurements.ts';

const TOP = dirname(projectFile('package.json'));
/** Requests broke, which is what is measured. */
const BROKE = 1;

/** @throws Error if it ends with another exit code than that for broken or no broken requests */
export function measure(measurement: Measurement): void {
  const folder = mkdtempSync(join(tmpdir(), 'gateways-'));
  try {
    process.stderr.write(`${measurement.name}\n`);
    const [command = '', ...args] = measurement.args;
    const program = [projectFile('dist/cli.js'), command, '--out', folder, '--no-logs', ...args];
    const { status } = spawnSync(process.execPath, program, { cwd: TOP, stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0 && status !== BROKE) throw new Error(`${measurement.name} ended with exit code ${status}`);
    const kept = join(TOP, resultFolder(measurement));
    mkdirSync(kept, { recursive: true });
    cpSync(join(folder, 'result.json'), join(kept, 'result.json'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
