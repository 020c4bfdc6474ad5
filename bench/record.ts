/** Writes what a benchmark measured, with the machine and the versions, and prints it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { findRuntime } from '../src/trials/runtimes.ts';

const FOLDER = join(import.meta.dirname, 'results');

/** @param name of the file in bench/results, without its ending */
export function record(name: string, rows: readonly object[], more: object = {}): void {
  console.table(rows);
  const versions = Object.fromEntries((['node', 'bun', 'deno'] as const).map((id) => [id, findRuntime(id).version]));
  const machine = {
    cpu: cpus()[0]?.model ?? '',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${process.platform} ${release()}`,
    ...versions,
  };
  mkdirSync(FOLDER, { recursive: true });
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const text = JSON.stringify({ measuredAt: new Date().toISOString(), commit, machine, ...more, rows }, null, 2);
  writeFileSync(join(FOLDER, `${name}.json`), `${text}\n`);
}
