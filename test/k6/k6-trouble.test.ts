/** A k6 that hangs, dies or writes no summary. These tests need no k6. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { k6Load } from '../../src/load/k6/k6.ts';
import type { LoadOptions } from '../../src/load/load.ts';
import { startClock } from '../../src/trace/clock.ts';
import { MIX, stopTime } from '../trials/scripted.ts';

const SCRIPT = join(import.meta.dirname, 'scripted-k6.mjs');

test('a stopped load reports its requests and those that could not be started', async (t) => {
  scripted(t, 'loads');
  const running = await k6Load.start(options());
  while (running.progress().started < 5) await turn();
  const { stoppedMs, record } = await running.stop();
  assert.equal(record.generator, 'k6 v9.8.7');
  assert.equal(record.droppedRequests, 3);
  const successes = record.successes.reduce((sum, { count }) => sum + count, 0);
  assert.ok(successes >= 5, `${successes} successes`);
  assert.equal(record.plannedRequests, successes + 3);
  assert.ok(record.successes.every(({ bucket }) => bucket * 100 <= stoppedMs));
  assert.deepEqual(leftBehind(), []);
});

test('a k6 that does not report its version', async (t) => {
  scripted(t, 'does not know its version');
  const refused = { name: 'EnvironmentError', message: '`k6 version` ended with exit code 3' };
  await assert.rejects(k6Load.start(options()), refused);
});

test('a k6 that ends before its first request', async (t) => {
  scripted(t, 'ends before its first request');
  const ended = { name: 'ProgramError', exitCode: 3, message: 'k6 ended before it had made any request' };
  await assert.rejects(k6Load.start(options()), ended);
  assert.deepEqual(leftBehind(), []);
});

test('a k6 that dies is reported with its output', async (t) => {
  scripted(t, 'dies');
  const died = {
    name: 'ProgramError',
    exitCode: 4,
    message: 'k6 exited unexpectedly (exit code 2): runtime: out of memory',
  };
  const running = await k6Load.start(options());
  await assert.rejects(running.died, died);
  await assert.rejects(running.stop(), died);
  assert.deepEqual(leftBehind(), []);
});

test('a k6 that writes no summary', async (t) => {
  scripted(t, 'leaves no summary');
  const running = await k6Load.start(options());
  const refused = { name: 'ProgramError', exitCode: 3, message: 'k6 wrote no summary of the load' };
  await assert.rejects(running.stop(), refused);
  assert.deepEqual(leftBehind(), []);
});

test('a k6 that makes no request is killed after a minute', async (t) => {
  const { hasStarted } = scripted(t, 'makes no request');
  stopTime(t);
  const start = k6Load.start(options());
  const refused = { name: 'ProgramError', exitCode: 4, message: 'k6 made no request within 60 s of its start' };
  await Promise.all([assert.rejects(start, refused), passTime(t, start, hasStarted)]);
  assert.deepEqual(leftBehind(), []);
});

test('a k6 that does not exit on SIGINT is killed after ten seconds', async (t) => {
  scripted(t, 'ignores SIGINT');
  const running = await k6Load.start(options());
  stopTime(t);
  const stopped = running.stop();
  const refused = { name: 'ProgramError', exitCode: 3, message: 'k6 wrote no summary of the load' };
  await Promise.all([assert.rejects(stopped, refused), passTime(t, stopped, () => true)]);
  assert.deepEqual(leftBehind(), []);
});

function options(): LoadOptions {
  return {
    requestMix: MIX,
    target: { kind: 'url', url: 'http://127.0.0.1:1' },
    clock: startClock(),
    seed: 1,
    maxDurationMs: 20_000,
    signal: new AbortController().signal,
  };
}

/** Puts the scripted k6 on the PATH, and the program's files into a folder of the test. */
function scripted(t: TestContext, does: string): { hasStarted(): boolean } {
  const folder = mkdtempSync(join(tmpdir(), 'scripted-k6-'));
  const started = join(folder, 'started');
  const program = join(folder, 'k6');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${SCRIPT}' "$@"\n`);
  chmodSync(program, 0o755);
  const ours = {
    PATH: `${folder}${delimiter}${process.env.PATH}`,
    TMPDIR: folder,
    SCRIPTED_K6: does,
    SCRIPTED_K6_STARTED: started,
  };
  const before = Object.keys(ours).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, ours);
  t.after(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true });
  });
  return { hasStarted: () => existsSync(started) };
}

/** The files that the program left in its folder. */
function leftBehind(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('k8s-rollout-test-'));
}

/** Advances the mocked time until the promise settles. */
async function passTime(t: TestContext, promise: Promise<unknown>, from: () => boolean): Promise<void> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  while (!settled) {
    if (from()) t.mock.timers.tick(1000);
    await turn();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
