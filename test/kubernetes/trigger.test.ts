/** The user's command that replaces pods, in a real shell. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { runTrigger } from '../../src/clusters/kubernetes/trigger.ts';
import { within } from '../app/within.ts';
import { until } from '../cli/program.ts';

const LIMIT_MS = 10_000;

async function run(command: string, signal = new AbortController().signal, onLine: (line: string) => void = () => {}) {
  const lines: string[] = [];
  await within(
    LIMIT_MS,
    command,
    runTrigger(command, signal, (line) => {
      lines.push(line);
      onLine(line);
    }),
  );
  return lines;
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('its output is passed on line by line, including a last line without a newline', async () => {
  assert.deepEqual((await run('echo one; echo two >&2; printf three')).sort(), ['one', 'three', 'two']);
});

describe('a command that fails ends the trial with its last line', () => {
  const table: [what: string, command: string, words: RegExp][] = [
    ['by its exit code', 'echo no such release >&2; exit 7', /: the command failed with exit code 7: no such release$/],
    ['without output', 'exit 3', /: the command failed with exit code 3$/],
    ['by a signal', 'kill -9 $$', /: the command was killed by SIGKILL$/],
    ['because it does not exist', 'no-such-command-at-all', /: the command failed with exit code 127: .*not found$/],
  ];
  for (const [what, command, words] of table) {
    test(what, async () => assert.rejects(run(command), words));
  }
});

test('of a line of 20 MB only the beginning is passed on', async () => {
  const lines = await run('head -c 20000000 /dev/zero | tr "\\0" x');
  assert.match(lines[0] ?? '', /^x{900}/);
  assert.ok(lines.join('').length < 10_000, `${lines.length} lines`);
});

test('a process that it leaves behind does not delay it, and is killed when the trial ends', async () => {
  const ending = new AbortController();
  const [pid] = await run('sleep 60 & echo $!', ending.signal);
  assert.ok(isAlive(Number(pid)));
  ending.abort();
  await until('its end', () => !isAlive(Number(pid)));
});

describe('Ctrl-C', () => {
  test('before the start prevents it', async () => {
    await assert.rejects(run('echo began', AbortSignal.abort(new Error('Ctrl-C'))), /^Error: Ctrl-C$/);
  });

  test('kills it and its children', async () => {
    const ending = new AbortController();
    const pids: number[] = [];
    const running = run('sleep 60 & echo $!; sleep 60', ending.signal, (line) => {
      pids.push(Number(line));
      ending.abort(new Error('Ctrl-C'));
    });
    await assert.rejects(running, /^Error: Ctrl-C$/);
    assert.equal(pids.length, 1);
    await until('its end', () => !isAlive(pids[0] ?? 0));
  });

  test('kills one that prints endlessly', async () => {
    const ending = new AbortController();
    let lines = 0;
    const running = run('yes', ending.signal, () => {
      if (++lines === 1000) ending.abort(new Error('Ctrl-C'));
    });
    await assert.rejects(running, /^Error: Ctrl-C$/);
    assert.equal(lines, 1000, 'nothing is passed on after that');
    if (!ending.signal.aborted) await once(ending.signal, 'abort');
  });
});
