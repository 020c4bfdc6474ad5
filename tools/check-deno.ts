/** Type-checks the Deno server with Deno itself, offline. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findRuntime } from '../src/trials/runtimes.ts';

const folder = join(import.meta.dirname, '../runtimes/deno');
const args = ['check', '--quiet', '--no-remote', '--no-lock', '--config', join(folder, 'deno.json')];
const [deno = 'deno'] = findRuntime('deno').command;
const { status } = spawnSync(deno, [...args, join(folder, 'server.ts')], { stdio: 'inherit' });
process.exitCode = status ?? 1;
