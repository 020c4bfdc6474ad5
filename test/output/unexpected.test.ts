/** How unexpected errors and warnings of Node are shown to the user: in one line each. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { run } from '../cli/program.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'unexpected-'));
after(() => rmSync(FOLDER, { recursive: true, force: true }));

const MESSAGE = String.raw`'a\u001b[31m\nb::\u009b'`;
const HINT = /^k8s-rollout-test: internal error: a \[31m b:: {2}\(run again with --debug for the stack trace\)\n$/;
/** Waits for a pipe that nobody writes to. */
const WAITING = ['check', '-f', '-'];

/** Code that runs once the program handles uncaught errors. */
function onceReady(code: string): string {
  return `process.on('newListener', (name) => { if (name === 'uncaughtException') setImmediate(() => { ${code} }); });`;
}

describe('in one line', { concurrency: 2 }, () => {
  const table: [what: string, code: string, args: string[]][] = [
    [
      'an error in a command',
      `process.cpuUsage = () => { throw new TypeError(${MESSAGE}); };`,
      ['check', '-f', 'x.yaml'],
    ],
    ['an error in a callback', onceReady(`throw new Error(${MESSAGE})`), WAITING],
    ['an unhandled rejection', onceReady(`Promise.reject(new Error(${MESSAGE}))`), WAITING],
  ];
  writeFileSync(join(FOLDER, 'x.yaml'), 'a: b');
  for (const [index, [what, code, args]] of table.entries()) {
    const preload = join(FOLDER, `${index}.mjs`);
    writeFileSync(preload, `import { isMainThread } from 'node:worker_threads'; if (isMainThread) { ${code} }`);
    const env = { NODE_OPTIONS: `--import=${preload}` };
    test(what, async (t) => {
      const ended = await run(t, args, { env, cwd: FOLDER, openInput: true });
      assert.match(ended.stderr, HINT);
      assert.equal(ended.code, 4);
    });
    test(`${what}, with --debug`, async (t) => {
      const { code, stderr } = await run(t, ['--debug', ...args], { env, cwd: FOLDER, openInput: true });
      assert.match(stderr, /^k8s-rollout-test: internal error: \w*Error: a \[31m\nb:: \n {4}at /);
      assert.equal(code, 4);
    });
  }

  test('a warning', async (t) => {
    const preload = join(FOLDER, 'warning.mjs');
    writeFileSync(preload, onceReady(`process.emitWarning(${MESSAGE})`));
    const ended = await run(t, ['check', '-f', 'x.yaml'], {
      env: { NODE_OPTIONS: `--import=${preload}` },
      cwd: FOLDER,
    });
    assert.match(ended.stderr, /^warning: Warning: a \[31m b:: \nk8s-rollout-test: x\.yaml[^\n]*\n$/);
    assert.equal(ended.code, 2);
  });
});
