/** `conform` on servers with properties that users have come across: other protocols, signals, addresses and users. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { canBePid1 } from '../../src/processes/container-process.ts';
import { freePort } from '../load/raw-server.ts';
import { PROJECT, run } from './program.ts';

const NODE = process.execPath;
const FAULTY = join(PROJECT, 'test/conform/servers/faulty.mjs');
const fixture = (name: string) => [NODE, join(PROJECT, 'test/fixtures/servers', name)];

async function conform(t: TestContext, ...args: string[]) {
  return run(t, ['conform', ...args]);
}

type JsonCase = { number: number; status: string; seen?: string; reason?: string };

async function casesOf(t: TestContext, ...args: string[]): Promise<JsonCase[]> {
  const { stdout, stderr } = await conform(t, '--json', ...args);
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout).cases;
}

/** An nginx with a slow route, in a separate folder. */
async function nginxIn(t: TestContext): Promise<{ port: number; command: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  t.after(() => rmSync(folder, { recursive: true }));
  // If root starts it, its workers run as another user.
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'body'), 'x'.repeat(4000));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const config = [
    `error_log stderr; pid ${folder}/pid; events {}`,
    `http { access_log off; ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}`,
    `server { listen 127.0.0.1:${port}; location / { return 200 "ok"; }`,
    `location /slow { limit_rate 1k; alias ${folder}/body; } } }`,
  ];
  writeFileSync(join(folder, 'nginx.conf'), config.join('\n'));
  return { port, command: ['nginx', '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'] };
}

const options = { concurrency: 3, skip: !canBePid1() && 'processes cannot be PID 1 of a namespace of their own here' };

describe('conform on servers of all kinds', options, () => {
  test('HTTP/2 only: exit code 2 and advice, within seconds', async (t) => {
    const startMs = performance.now();
    const { code, stdout, stderr } = await conform(t, '--', ...fixture('http2-only.mjs'));
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^k8s-rollout-test: [^\n]*: port \d+: it speaks HTTP\/2 only[^\n]* --port\n$/);
    assert.ok(performance.now() - startMs < 10_000);
  });

  test('TLS only: exit code 2 and advice, within seconds', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tls-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const pair = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem'), '-subj', '/CN=localhost'];
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...pair]);
    assert.equal(made.status, 0, String(made.stderr));
    const startMs = performance.now();
    const inFolder = ['sh', '-c', `cd '${folder}' && exec "$@"`, 'sh'];
    const { code, stdout, stderr } = await conform(t, '--', ...inFolder, ...fixture('tls.mjs'));
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^k8s-rollout-test: [^\n]*: port \d+: it speaks TLS only[^\n]* --port\n$/);
    assert.ok(performance.now() - startMs < 10_000);
  });

  test('one that cuts at SIGTERM but keeps running: cases 9, 30 and 31 agree', async (t) => {
    const cases = await casesOf(t, '--grace', '4', '--case', '9,30,31', '--', ...fixture('cuts-all-at-once.mjs'));
    const seen = cases.map(({ seen }) => seen ?? '');
    assert.match(seen[0] ?? '', /^connection closed without a response at T \+ \d+ ms$/);
    assert.match(
      seen[1] ?? '',
      /^still running at .*, though it had cut GET \S+ \(connection closed .* T \+ \d+ ms\)$/,
    );
    assert.match(seen[2] ?? '', /^GET \S+: connection closed .* T \+ \d+ ms; still running at .*, nothing printed$/);
  });

  for (const [path, held] of [
    ['/events', /^it does when idle; after GET \/events, whose client had left: still running/],
    ['/ws', /^it does when idle; after WebSocket \/ws, whose client had left: still running/],
    ['/upload', /^it does when idle; after POST \/upload: still running/],
    ['/', /^still running at the end of the grace period, and killed$/],
  ] as const) {
    test(`held open by a request for ${path}: case 1 says so, the others are judged`, async (t) => {
      const server = [...fixture('held-open.mjs'), path];
      const [first, ...others] = await casesOf(t, '--grace', '4', '--case', '1,2,3,9', '--', ...server);
      assert.match(first?.seen ?? '', held);
      const byIdle = path === '/' ? 'not-applicable' : 'pass';
      assert.deepEqual(
        others.map(({ status }) => status),
        [byIdle, byIdle, 'pass'],
        JSON.stringify(others),
      );
    });
  }

  test('another stop signal: a server that shuts down gracefully on it passes, and the output names it', async (t) => {
    const args = ['--grace', '7', '--stop-signal', 'quit', '--case', '1,2,4,5,9', '--'];
    const { code, stdout } = await conform(t, ...args, NODE, FAULTY, 'drains-on-sigquit');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /1 ✓ exits on SIGQUIT, as PID 1 too\n/);
    assert.match(stdout, /5 ✓ is not disturbed by a second SIGQUIT\n/);
    assert.doesNotMatch(stdout, /SIGTERM/);
  });

  for (const [signal, cuts] of [
    ['SIGQUIT', false],
    ['SIGTERM', true],
  ] as const) {
    const noNginx = spawnSync('nginx', ['-v']).status !== 0 && 'nginx is not installed';
    test(`nginx ${cuts ? 'cuts' : 'drains'} on ${signal}`, { skip: noNginx }, async (t) => {
      const nginx = await nginxIn(t);
      const args = ['--grace', '10', '--stop-signal', signal, '--port', `${nginx.port}`, '--slow-path', '/slow'];
      const cases = await casesOf(t, ...args, '--case', '1,2,9,31', '--', ...nginx.command);
      const statuses = cases.map(({ status }) => status);
      assert.deepEqual(statuses, ['pass', 'pass', ...(cuts ? ['fail', 'fail'] : ['pass', 'not-applicable'])]);
    });
  }

  test('the stop signal is SIGINT: case 4 has nothing to compare', async (t) => {
    const args = ['--grace', '7', '--stop-signal', 'SIGINT', '--case', '1,4', '--'];
    const cases = await casesOf(t, ...args, NODE, FAULTY, 'none');
    assert.deepEqual(
      cases.map(({ status, reason }) => [status, reason]),
      [
        ['pass', undefined],
        ['not-applicable', 'SIGINT is the stop signal'],
      ],
    );
  });

  for (const listen of [
    '{ host: "::ffff:127.0.0.1", port }',
    '{ host: "::", port }',
    '{ host: "::", port, ipv6Only: true }',
    '{ host: "::1", port }',
    '{ host: "0.0.0.0", port }',
    '{ host: "127.0.0.2", port }',
  ]) {
    test(`listens on ${listen}: found and reached`, async (t) => {
      const code = `const port = process.env.PORT; require("http").createServer((q, s) => s.end("ok")).listen(${listen})`;
      const [result] = await casesOf(t, '--grace', '3', '--case', 'keeps-connections', '--', NODE, '-e', code);
      assert.equal(result?.status, 'pass');
    });
  }

  const root = process.geteuid?.() === 0;
  const asNobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];

  test('one that changes its user, started as root: it runs', { skip: !root && 'needs root' }, async (t) => {
    const [result] = await casesOf(t, '--grace', '7', '--case', '1', '--', ...asNobody, NODE, FAULTY, 'none');
    assert.equal(result?.status, 'pass');
  });

  const cli = join(PROJECT, 'dist/cli.js');
  const nobodyCan = root && spawnSync('setpriv', [...asNobody.slice(1), NODE, cli, '--help']).status === 0;
  const skip = !nobodyCan && 'needs root, and a folder that others may read';
  test('one that changes its user, if there is only one user: one line says what to do', { skip }, () => {
    const command = [...asNobody.slice(1), NODE, cli, 'conform', '--', ...asNobody, NODE, FAULTY, 'none'];
    const { status, stderr } = spawnSync('setpriv', command, { encoding: 'utf8' });
    assert.equal(status, 4, stderr);
    assert.match(
      stderr,
      /^k8s-rollout-test: [^\n]*: it switches to another user, but this sandbox has only one: [^\n]*\n$/,
    );
  });
});
