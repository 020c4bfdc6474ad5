/** Programs that do not end, print too much or leave processes behind, run asynchronously and synchronously. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type ProgramEnd, runAndWait } from '../../src/processes/bounded-program.ts';
import { runProgram } from '../../src/processes/external-program.ts';
import { canMakePidNamespaces } from '../../src/processes/namespaces.ts';

const LIMITS = { limitMs: 700, maxOutputBytes: 10_000 };

type Run = (command: readonly string[]) => Promise<ProgramEnd>;
const WAYS: [how: string, run: Run][] = [
  ['run asynchronously', (command) => runProgram(command, LIMITS)],
  ['run asynchronously in a PID namespace', (command) => runProgram(command, { ...LIMITS, contained: true })],
  ['run synchronously', async (command) => runAndWait(command, LIMITS)],
];

/** Each script gets a unique argument by which its processes are found. */
const TABLE: [what: string, script: string, failure: string | undefined][] = [
  ['ends', 'exit 0', undefined],
  ['fails', 'exit 3', 'ended with exit code 3'],
  ['never ends', 'sleep 1000', 'did not end within 0.7 s'],
  ['ignores SIGTERM', 'trap "" TERM INT HUP; while :; do sleep 1000; done', 'did not end within 0.7 s'],
  ['stops itself', 'kill -STOP $$; sleep 1000', 'did not end within 0.7 s'],
  [
    'prints without end',
    'while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done',
    'printed more than 10000 bytes',
  ],
  ['leaves a process that holds its output', 'sh -c "sleep 1000" "$0" & exit 0', undefined],
];

for (const [how, run] of WAYS) {
  describe(`a program that is ${how}`, { concurrency: 4 }, () => {
    for (const [nth, [what, script, failure]] of TABLE.entries()) {
      test(what, async () => {
        const mark = `mark-${process.pid}-${WAYS.findIndex(([name]) => name === how)}-${nth}`;
        const end = await run(['sh', '-c', `: ${mark}; ${script}`, mark]);
        if (!(how === 'run synchronously' && what.startsWith('leaves'))) assert.equal(end.failure, failure);
        await assertGone(mark);
      });
    }

    test('does not exist', async () => {
      const { notFound, failure } = await run(['no-such-program']);
      assert.deepEqual([notFound, failure], [true, 'was not found']);
    });

    test('has its output read', async () => {
      const { stdout, stderr } = await run(['sh', '-c', 'echo out; echo err >&2']);
      assert.deepEqual([stdout, stderr], ['out\n', 'err\n']);
    });
  });
}

test('a daemon does not escape', { skip: !canMakePidNamespaces() && 'no PID namespaces here' }, async () => {
  const mark = `daemon-${process.pid}`;
  const script = 'setsid sh -c "setsid sh -c \'sleep 1000; : $0\' $0 &" "$0" & sleep 0.1';
  const { failure } = await runProgram(['sh', '-c', script, mark], { ...LIMITS, contained: true });
  assert.equal(failure, undefined);
  assert.deepEqual(processesWith(mark), []);
});

test('killing a program also kills what has left its group', async () => {
  const mark = `left-${process.pid}`;
  const script = 'setsid sh -c "sleep 1000; : $0" "$0" & wait';
  const { failure } = await runProgram(['sh', '-c', script, mark], LIMITS);
  assert.equal(failure, 'did not end within 0.7 s');
  await assertGone(mark);
});

test('a program gets additional variables', async () => {
  const { stdout } = await runProgram(['sh', '-c', 'echo "$OWN $PATH"'], { ...LIMITS, env: { OWN: 'x' } });
  assert.equal(stdout, `x ${process.env.PATH}\n`);
});

test('aborting kills the program', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  setTimeout(() => controller.abort(reason), 50);
  const run = runProgram(['sleep', '1000'], { ...LIMITS, limitMs: 60_000, signal: controller.signal });
  await assert.rejects(run, reason);
});

/** A killed process disappears only a moment later. */
async function assertGone(mark: string): Promise<void> {
  for (let look = 0; look < 50 && processesWith(mark).length > 0; look++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.deepEqual(processesWith(mark), []);
}

/** Finds processes by their arguments; processes that have ended have none. */
function processesWith(mark: string): string[] {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark);
    } catch {
      return false;
    }
  });
}
