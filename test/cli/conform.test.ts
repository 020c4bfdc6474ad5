/** `conform` as a user runs it, on various commands. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { create } from 'xmlbuilder2';
import { freePort } from '../load/raw-server.ts';
import { CAN_SEE_PROCESSES, PROJECT, type Program, run, start, until } from './program.ts';

const FAULTY = join(PROJECT, 'test/conform/servers/faulty.mjs');
const GRACEFUL = [process.execPath, FAULTY, 'none'];

/** Case 17 needs no signal and ends soon. The survey waits for the end of a server that ignores SIGTERM. */
const QUICK = ['--grace', '3', '--case', 'keeps-connections'];

async function nothingLeft(program: Program): Promise<void> {
  if (CAN_SEE_PROCESSES) await until('the end of every process', () => program.leftovers().length === 0);
}

async function conform(t: TestContext, args: readonly string[]) {
  const program = start(t, ['conform', ...args]);
  const ended = await program.ended;
  await nothingLeft(program);
  return ended;
}

const js = (code: string) => [process.execPath, '-e', code];
const sh = (script: string) => ['sh', '-c', script, 'sh', ...GRACEFUL];

describe('conform', { concurrency: 4 }, () => {
  const usage: [what: string, args: string[], line: RegExp][] = [
    ['no command', [], /nothing to run: give a command after --/],
    ['a missing program', ['--', 'no-such-program'], /no program "no-such-program" on this machine/],
    [
      'an unknown case',
      ['--case', '1,99', '--', 'true'],
      /no case "99"; use a number from 1 to 34 or the name of a case/,
    ],
    ['an unknown format', ['--format', 'html', '--', 'true'], /text, json, junit, tap/],
    ['no path', ['--ready-path', 'readyz', '--', 'true'], /must begin with a slash/],
    ['an unknown signal', ['--stop-signal', 'SIGNOPE', '--', 'true'], /name of a signal, as in SIGQUIT/],
    ['a signal that no process can handle', ['--stop-signal', 'kill', '--', 'true'], /SIGKILL cannot be handled/],
    ['no idle limit', ['--idle-limit', '0', '--', 'true'], /whole number from 1 to 3600/],
    ['no grace', ['--grace', '0', '--', 'true'], /whole number from 3 to 600/],
  ];
  for (const [what, args, line] of usage) {
    test(`${what}: exit code 2 and one line`, async (t) => {
      const { code, stderr, stdout } = await run(t, ['conform', ...args]);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, /^k8s-rollout-test: [^\n]*\n$/);
      assert.match(stderr, line);
    });
  }

  const hostile: [what: string, command: string[], line: RegExp][] = [
    [
      'dies at once',
      js('console.error("no config"); process.exit(3)'),
      /ended with exit code 3 before it listened on port \d+; its last output: no config$/,
    ],
    [
      'never listens',
      ['sleep', '1000'],
      /sleep 1000: did not listen on port \d+ \(PORT in its environment\) within 20 s; it printed nothing$/,
    ],
    [
      'listens elsewhere',
      js('require("http").createServer().listen(0, "127.0.0.1")'),
      /listens on port (\d+), not on \d+ \(PORT in its environment\): add --port \1; /,
    ],
    [
      'accepts and never answers',
      js('require("net").createServer(() => {}).listen(process.env.PORT)'),
      /listens on port \d+ but does not answer GET \/ \(no response\)/,
    ],
    ['goes to the background', sh('setsid "$@" & sleep 0.1'), /ended with exit code 0 before it listened/],
  ];
  for (const [what, command, line] of hostile) {
    test(`a command that ${what}: exit code 4, one line, no process left`, async (t) => {
      const { code, stderr, stdout } = await conform(t, ['--', ...command]);
      assert.deepEqual([code, stdout], [4, ''], stderr);
      assert.match(stderr, /^k8s-rollout-test: [^\n]*\n$/);
      assert.match(stderr.trimEnd(), line);
    });
  }

  const noisy: [what: string, script: string][] = [
    ['prints lines without end', 'yes & exec "$@"'],
    ['prints without a newline', 'cat /dev/zero & exec "$@"'],
    ['starts processes without end', '(while :; do sleep 1000 & sleep 0.05; done) & exec "$@"'],
  ];
  for (const [what, script] of noisy) {
    test(`a command that ${what} gets a verdict, and no process is left`, async (t) => {
      const { code, stdout, stderr } = await conform(t, ['--grace', '6', '--case', '1', '--', ...sh(script)]);
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, /1 ✓ exits on SIGTERM/);
    });
  }

  test('a command that ignores SIGTERM fails, and is killed', async (t) => {
    const { code, stdout } = await conform(t, [
      '--grace',
      '3',
      '--case',
      '1,2',
      '--',
      process.execPath,
      FAULTY,
      'ignores-sigterm',
    ]);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /1 ✗ exits on SIGTERM.*\n {7}expected: it ends within 3 s\n {7}seen: {5}still running at the end of the grace period, and killed\n/,
    );
    assert.match(stdout, /2 – .*\n {7}not applicable: it does not end on SIGTERM at all \(case 1\)\n/);
    assert.match(stdout, /\n0 passed, 1 failed, 1 not applicable\n/);
  });

  test('a server that closes idle connections soon: a warning, and exit code 0', async (t) => {
    const command = js(
      'const s = require("http").createServer((q, s) => s.end("ok")); s.keepAliveTimeout = 300; s.listen(process.env.PORT)',
    );
    const args = ['--grace', '3', '--idle-limit', '10', '--case', 'idle-limit', '--', ...command];
    const { code, stdout, stderr } = await conform(t, args);
    assert.deepEqual([code, stderr], [0, ''], stdout);
    assert.match(
      stdout,
      /34 ! keeps idle .*\n {7}seen: {3}closed (\d+ ms|1\.\d s) after its last response; it announces/,
    );
    assert.match(stdout, /\n0 passed, 1 passed with a warning, 0 failed, 0 not applicable\n/);
  });

  test('a server with its own fixed port: one process after the other', async (t) => {
    const port = await freePort();
    const args = ['--port', `${port}`, '--grace', '7', '--case', 'sigint-too,prompt-when-idle', '--json'];
    const { code, stdout, stderr } = await conform(t, [...args, '--', ...sh(`PORT=${port} exec "$@"`)]);
    assert.equal(code, 0, stderr);
    const { counts } = JSON.parse(stdout);
    assert.deepEqual(counts, { pass: 2, warning: 0, fail: 0, notApplicable: 0 });
  });

  test('a server whose own port is taken: exit code 4', async (t) => {
    const port = await freePort();
    const other = createServer().listen(port);
    t.after(() => other.close());
    const { code, stderr } = await conform(t, ['--port', `${port}`, '--', ...GRACEFUL]);
    assert.equal(code, 4);
    assert.match(stderr, /^k8s-rollout-test: --port \d+: that port is not free on this machine: [^\n]*\n$/);
  });

  test('a server that gets the port as an argument', async (t) => {
    const command = js('require("http").createServer((q, s) => s.end("ok")).listen(process.argv[1], process.argv[2])');
    const { code, stderr } = await conform(t, [...QUICK, '--', ...command, '$(PORT)', '$(HOST)']);
    assert.equal(code, 0, stderr);
  });

  test('a server with only GET /: cases that need more are not applicable, and exit code 3 if that is all of them', async (t) => {
    const command = js(
      'require("http").createServer((q, s) => { s.statusCode = q.url === "/" ? 200 : 404; s.end() }).listen(process.env.PORT)',
    );
    const args = ['--grace', '3', '--json', '--case', '10,12,13,24,26,29'];
    const { code, stdout, stderr } = await conform(t, [...args, '--', ...command]);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /^k8s-rollout-test: conform: no case could be judged[^\n]*\n$/);
    const reasons = JSON.parse(stdout).cases.map(({ reason }: { reason: string }) => reason);
    assert.deepEqual(reasons, [
      '--slow-path /delay/MS answers 404',
      'it never stops listening',
      '--stream-path /stream?chunks=25&intervalMs=100 answers 404',
      '--ready-path /readyz answers 404',
      '--ws-path /ws answers 404 to a WebSocket',
      '--events-path /events answers 404',
    ]);
  });

  test('JUnit and TAP', async (t) => {
    const formats = await Promise.all(
      ['junit', 'tap'].map((format) => conform(t, ['--format', format, ...QUICK, '--', ...GRACEFUL])),
    );
    const [junit, tap] = formats.map(({ stdout }) => stdout);
    assert.match(create(junit ?? '').end(), /<testcase name="17 keeps connections/);
    assert.match(tap ?? '', /^TAP version 14\n1\.\.1\nok 1 - 17 keeps connections[^\n]*\n$/);
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    test(`${signal} in the middle leaves nothing behind`, async (t) => {
      const program = start(t, ['conform', '--', ...GRACEFUL]);
      if (CAN_SEE_PROCESSES) await until('servers', () => program.leftovers().length > 3);
      program.child.kill(signal);
      const { code, stderr } = await program.ended;
      if (signal !== 'SIGKILL') assert.deepEqual([code, stderr], [130, 'k8s-rollout-test: interrupted\n']);
      await nothingLeft(program);
    });
  }
});
