/** The priority of processes that the program starts, relative to its own. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { promisify } from 'node:util';

/** Starts a process and prints how much lower its priority is than this one's. */
const STARTS_ONE = `
import { existsSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { startProcess } from './src/processes/process-group.ts';
const started = await startProcess(['sleep', '60'], { env: { PATH: process.env.PATH }, fullPriority: process.argv[1] === 'full' });
const session = existsSync('/proc/self/autogroup') ? /nice (-?\\d+)/.exec(readFileSync('/proc/' + started.pid + '/autogroup', 'utf8'))[1] : '';
console.log(getPriority(started.pid) - getPriority(), session);
started.killGroup();
await started.exited;
process.exit();
`;

async function nicer(nice: number, ...args: string[]): Promise<{ nicer: number; session: string }> {
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', STARTS_ONE, ...args];
  const { stdout } = await promisify(execFile)('nice', ['-n', String(nice), ...node]);
  const [difference, session = ''] = stdout.trim().split(' ');
  return { nicer: Number(difference), session };
}

const room = 19 - getPriority();
const table: [what: string, nice: number, args: string[], nicer: number][] = [
  ['gets a lower priority than the program', 0, [], Math.min(5, room)],
  ['gets a lower priority than a program that is nice itself', 10, [], Math.min(5, Math.max(0, room - 10))],
  ['cannot go below the lowest priority', room, [], 0],
  ['keeps the priority of the program if it is part of the load', 0, ['full'], 0],
];
for (const [what, nice, args, expected] of table) {
  test(`a process ${what}`, async () => {
    const started = await nicer(nice, ...args);
    assert.equal(started.nicer, expected);
    // A kernel with autogroups weighs sessions first, and a process's own priority then means nothing to other sessions.
    if (existsSync('/proc/self/autogroup')) assert.equal(started.session, args.includes('full') ? '0' : '5');
  });
}
