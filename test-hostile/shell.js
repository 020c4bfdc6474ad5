/** Runs a script of bash in which `"$@"` is the program, and ends as that does. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const program = [process.execPath, join(import.meta.dirname, '..', 'dist', 'cli.js')];
const { status } = spawnSync('bash', ['-c', process.argv[2] ?? '', 'bash', ...program], { stdio: 'inherit' });
process.exitCode = status ?? 1;
