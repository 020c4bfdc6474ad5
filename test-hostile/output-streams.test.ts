/** Readers that go away, closed streams, and full disks: the exit code, and what is still written. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, it, type TestContext } from 'node:test';
import { PROJECT } from '../test/cli/program.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'hostile-streams-'));
after(() => rmSync(FOLDER, { recursive: true, force: true }));
const file = (name: string, content: string) => {
  writeFileSync(join(FOLDER, name), content);
  return join(FOLDER, name);
};

const CLI = `"${process.execPath}" "${join(PROJECT, 'dist/cli.js')}"`;
const SAVED = join(PROJECT, 'docs/results/local');
const LIMIT_MS = 20_000;

/** What bash prints for a script, on both streams; killed after 20 s. */
async function shell(t: TestContext, script: string, limitMs = LIMIT_MS): Promise<{ stdout: string; stderr: string }> {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
  const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'], env, detached: true });
  const kill = () => child.exitCode ?? process.kill(-(child.pid as number), 'SIGKILL');
  t.after(kill);
  const timer = setTimeout(kill, limitMs);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  clearTimeout(timer);
  return { stdout, stderr };
}

/** The exit codes of the program for these command lines. */
async function exitCodes(t: TestContext, commands: readonly string[]): Promise<{ codes: number[]; stderr: string }> {
  const script = commands.map((command) => `${command}; echo "code \${PIPESTATUS[0]}"`).join('\n');
  const { stdout, stderr } = await shell(t, script, commands.length * LIMIT_MS);
  const codes = [...stdout.matchAll(/^code (\d+)$/gm)].map(([, code]) => Number(code));
  return { codes, stderr };
}

const BROKEN = file(
  'broken.yaml',
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'web', ports: [{ containerPort: 80 }] }] },
      },
    },
  }),
);

type Row = [what: string, args: string, code: number, writes: 1 | 2];

/**
 * Commands with their exit code and the stream that they print on. These two are tested in every way, the others in
 * some.
 */
const THOROUGHLY: readonly Row[] = [
  ['findings', `check -f ${BROKEN}`, 1, 1],
  ['a wrong option', 'check --frobnicate', 2, 2],
];
const OTHERS: readonly Row[] = [
  ['findings as SARIF', `check -f ${BROKEN} --format sarif`, 1, 1],
  ['a missing file', 'check -f /no/such/file', 2, 2],
  ['a server that does not start', `conform -- ${process.execPath} -e 0`, 4, 2],
  ['a saved run', `compare ${SAVED}`, 0, 1],
  ['a page', `report ${SAVED} --format html`, 0, 1],
  ['the help', '--help', 0, 1],
];

const CLOSED = ['2>&1 | true', '>&- 2>&-', '>&-', '2>&-', '<&- >&- 2>&-', '| true', '2>&1 | head -c 1 >/dev/null'];
/** Redirections, and the streams that they make unwritable. */
const FULL: readonly [how: string, streams: readonly (1 | 2)[]][] = [
  ['>/dev/full', [1]],
  ['2>/dev/full >/dev/null', [2]],
  ['1</dev/null', [1]],
  ['>/dev/full 2>&-', [1]],
];

describe('readers that go away', { concurrency: 2 }, () => {
  const table = [
    ...THOROUGHLY.map((row) => [row, CLOSED] as const),
    ...OTHERS.map((row) => [row, CLOSED.slice(0, 2)] as const),
  ];
  for (const [[what, args, code], ways] of table) {
    it(`the exit code is that of ${what}`, async (t) => {
      const { codes, stderr } = await exitCodes(
        t,
        ways.map((how) => `${CLI} ${args} ${how}`),
      );
      assert.deepEqual(
        codes,
        ways.map(() => code),
      );
      assert.doesNotMatch(stderr, /EPIPE|^\s+at /m);
    });
  }

  it('a slow reader gets everything, from pipes that do not block too', async (t) => {
    const nonblocking = `import fcntl,os,sys; fcntl.fcntl(1, fcntl.F_SETFL, os.O_NONBLOCK); os.execvp(sys.argv[1], sys.argv[1:])`;
    const { stdout } = await shell(
      t,
      `${CLI} report ${SAVED} --format html > ${FOLDER}/whole
       ${CLI} report ${SAVED} --format html | (sleep 1; cat) | cmp - ${FOLDER}/whole && echo same
       python3 -c '${nonblocking}' ${CLI} report ${SAVED} --format html | (sleep 1; cat) | cmp - ${FOLDER}/whole && echo same`,
      3 * LIMIT_MS,
    );
    assert.equal(stdout, 'same\nsame\n');
  });
});

/** Runs its arguments on a terminal that is closed before they have read anything. */
const LOST_TERMINAL = `
import os, pty, subprocess, sys
ours, theirs = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=theirs, stderr=theirs)
os.close(theirs)
os.close(ours)
child.stdin.write(open('${BROKEN}', 'rb').read())
child.stdin.close()
print(child.wait())
`;

describe('a closed terminal', { skip: spawnSync('python3', ['-V']).status !== 0 }, () => {
  for (const [args, code] of [
    ['check -', 1],
    ['check - --frobnicate', 2],
  ] as const) {
    it(`does not change the exit code of ${args}`, async (t) => {
      const { stdout } = await shell(t, `python3 ${file('terminal.py', LOST_TERMINAL)} ${CLI} ${args}`);
      assert.equal(stdout, `${code}\n`);
    });
  }
});

describe('unwritable output', { concurrency: 2, skip: !existsSync('/dev/full') }, () => {
  const table = [
    ...THOROUGHLY.map((row) => [row, FULL] as const),
    ...OTHERS.map((row) => [row, FULL.slice(0, 2)] as const),
  ];
  for (const [[what, args, code, writes], ways] of table) {
    it(`is exit code 4: ${what}`, async (t) => {
      const { codes, stderr } = await exitCodes(
        t,
        ways.map(([how]) => `${CLI} ${args} ${how}`),
      );
      assert.deepEqual(
        codes,
        ways.map(([, streams]) => (streams.includes(writes) ? 4 : code)),
      );
      assert.match(stderr, /^(k8s-rollout-test: [^\n]*\n)+$/);
      if (writes === 1) assert.match(stderr, /standard output: cannot be written: ENOSPC: no space left/);
    });
  }
});

/** A server that dies immediately on SIGTERM, with requests in flight. */
const SERVER = file(
  'server.mjs',
  `import http from 'node:http';
   http.createServer((_request, response) => setTimeout(() => response.end('ok'), 300)).listen(process.env.PORT, process.env.HOST);
   process.on('SIGTERM', () => process.exit());`,
);

describe('a run', { concurrency: 2 }, () => {
  const run = (out: string, how: string) =>
    `${CLI} run --rate 50 --replicas 1 --grace 1 --out ${join(FOLDER, out)} -- ${process.execPath} ${SERVER} ${how}; echo "code \${PIPESTATUS[0]}"`;
  const table: [what: string, how: string, code: number][] = [
    ['continues when all its readers go away', '2> >(head -n 1 >/dev/null) | true', 1],
    ['is saved even if nothing can be printed', '>/dev/full 2>/dev/full', 4],
  ];
  for (const [what, how, code] of table) {
    it(what, async (t) => {
      const out = `run-${code}`;
      const { stdout } = await shell(t, run(out, how), 3 * LIMIT_MS);
      assert.equal(stdout, `code ${code}\n`);
      const { trials } = JSON.parse(readFileSync(join(FOLDER, out, 'result.json'), 'utf8'));
      assert.equal(trials.length, 2);
      assert.ok(existsSync(join(FOLDER, out, 'report.html')));
    });
  }
});
