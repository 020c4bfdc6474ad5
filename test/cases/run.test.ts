/**
 * `run` on servers and manifests with known behaviour: which causes and which fix it must name, and which it must not.
 * Each represents a kind that users have come across.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { CAUSE_IDS, type CauseId } from '../../src/analysis/causes.ts';
import { canBePid1 } from '../../src/processes/container-process.ts';
import { readRun } from '../../src/results/read-run.ts';
import { type Ended, PROJECT, type RunOptions, run } from '../cli/program.ts';

const NODE = process.execPath;
const fixture = (folder: string, name: string) => join(PROJECT, 'test/fixtures', folder, name);
const server = (name: string) => ['--', NODE, fixture('servers', name)];
const manifest = (name: string, command: string) => ['-f', fixture('manifests', name), '--exec', command];
const nodeServer = (container: string, name: string) => `${container}="${NODE}" "${fixture('servers', name)}"`;

const folder = mkdtempSync(join(tmpdir(), 'cases-'));
after(() => rmSync(folder, { recursive: true }));

/** An nginx that answers at once and keeps all of its files in this folder. */
function nginxConfig(): string {
  const path = join(folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const lines = [
    // In a container with only one user, its workers cannot change to another.
    `user root; error_log stderr; pid ${folder}/nginx.pid; events {}`,
    `http { access_log off; ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}`,
    'server { listen 8080; location / { return 200 "ok"; } } }',
  ];
  writeFileSync(path, lines.join('\n'));
  return path;
}

const skip = !canBePid1() && 'containers cannot be PID 1 here';

interface Case {
  what: string;
  args: string[];
  env?: Record<string, string>;
  code: number;
  /** Each of these causes must have broken a request. */
  causes: CauseId[];
  /** These causes may have broken requests; no others. */
  possible?: CauseId[];
  says: RegExp[];
  saysNot?: RegExp[];
  /** How many pods the rollout replaces, if not 3. */
  replaced?: number;
  skip?: string | false;
}

const GRACE_ADVISED = /Fix: .*terminationGracePeriodSeconds/;
const PRE_STOP_ADVISED = /Fix: .*a preStop sleep of/;

const CASES: Case[] = [
  {
    what: 'exits while requests are in flight',
    args: ['--pre-stop', '5', ...server('close-then-exit.mjs')],
    code: 1,
    causes: ['no-graceful-shutdown'],
    possible: ['keep-alive-race'],
    says: [/Fix: .*a SIGTERM handler in the server/],
    saysNot: [GRACE_ADVISED, PRE_STOP_ADVISED],
  },
  {
    what: 'gives up after a deadline of its own, far below the grace period',
    args: ['--pre-stop', '5', '--path', '/delay/1500', '--rate', '20', ...server('own-deadline.mjs')],
    code: 1,
    causes: ['no-graceful-shutdown'],
    possible: ['keep-alive-race'],
    says: [/Fix: .*a longer shutdown deadline in the server: it gave up 0\.\d\d s after SIGTERM/],
    saysNot: [GRACE_ADVISED, PRE_STOP_ADVISED],
  },
  {
    what: 'turns requests away while it drains',
    args: server('turns-away-with-503.mjs'),
    code: 1,
    causes: ['routing-lag', 'no-graceful-shutdown'],
    possible: ['keep-alive-race'],
    says: [PRE_STOP_ADVISED, /Fix: .*answer requests while it drains, with Connection: close, instead of 503/],
    saysNot: [GRACE_ADVISED],
  },
  {
    what: 'turns away requests on keep-alive connections, after a preStop sleep',
    args: ['--pre-stop', '5', ...server('turns-away-with-503.mjs')],
    code: 1,
    causes: ['no-graceful-shutdown'],
    possible: ['keep-alive-race'],
    says: [/Fix: .*answer requests while it drains, with Connection: close, instead of 503/],
    saysNot: [GRACE_ADVISED, PRE_STOP_ADVISED],
  },
  {
    what: 'is declared ready seconds before it can answer',
    args: ['--pre-stop', '5', '--ready', '/alive', ...server('ready-too-early.mjs')],
    code: 1,
    causes: ['not-ready'],
    possible: ['keep-alive-race'],
    says: [/Fix: .*a readiness probe that fails until the server can answer requests/],
    saysNot: [GRACE_ADVISED, PRE_STOP_ADVISED],
  },
  {
    what: 'has no readiness probe and boots for a while',
    args: manifest('no-readiness.yaml', nodeServer('app', 'listens-late.mjs')),
    env: { BOOT_MS: '1500' },
    code: 1,
    causes: ['not-ready'],
    possible: ['keep-alive-race'],
    says: [/Fix: .*a readiness probe that fails until the server can answer requests/],
    saysNot: [GRACE_ADVISED, PRE_STOP_ADVISED],
  },
  {
    what: 'fails its liveness probe while it drains, when it is no longer probed',
    args: manifest('liveness-in-drain.yaml', nodeServer('app', 'liveness-fails-in-drain.mjs')),
    code: 0,
    causes: [],
    says: [/^Deployment \S+: a rolling update of \d pods broke 0 of /],
  },
  {
    what: 'has a preStop hook whose script is missing',
    args: manifest('prestop-script-missing.yaml', nodeServer('api', 'exits-at-once.mjs')),
    code: 1,
    causes: ['routing-lag'],
    possible: ['no-graceful-shutdown', 'keep-alive-race'],
    says: [
      /^preStop of container api .* failed \(exit code 127: the command was not found\) at each of 3 /m,
      /Fix: .*a preStop hook that works: the present one fails/,
    ],
    saysNot: [GRACE_ADVISED],
  },
  {
    what: 'is an nginx whose preStop hook makes it quit at once',
    args: [...manifest('quit-hook.yaml', `proxy=nginx -c ${nginxConfig()} -g "daemon off;"`), '--port', '8080'],
    code: 1,
    causes: ['routing-lag'],
    possible: ['keep-alive-race', 'no-graceful-shutdown'],
    says: [
      /^preStop of container proxy .* (returned after \S+ s without waiting|ended the server within \S+ s) at /m,
      /Fix: .*a sleep at the start of the preStop hook/,
    ],
    saysNot: [GRACE_ADVISED],
    skip: spawnSync('nginx', ['-v']).error !== undefined && 'there is no nginx here',
  },
  {
    what: 'is a StatefulSet behind a headless Service, and exits at once',
    args: manifest('statefulset.yaml', nodeServer('app', 'exits-at-once.mjs')),
    code: 1,
    causes: ['no-graceful-shutdown'],
    possible: ['keep-alive-race'],
    says: [
      /Routing lag: new connections reached a terminating pod until 0\.\d\d s after its deletion/,
      /^The Service is headless\. Clients are assumed to resolve its name for each new connection/m,
    ],
    saysNot: [GRACE_ADVISED, PRE_STOP_ADVISED],
    replaced: 2,
  },
  {
    what: 'has a preStop hook that asks another container, which gets SIGTERM at the same time',
    args: manifest('prestop-asks-sidecar.yaml', nodeServer('envoy', 'exits-at-once.mjs')),
    code: 1,
    causes: ['routing-lag'],
    possible: ['no-graceful-shutdown', 'keep-alive-race'],
    says: [
      /^preStop of container envoy \(httpGet :19002\/shutdown\/ready\) failed \(ECONNREFUSED\) at each of 2 .* shutdown-manager did not run here/m,
      /It asks container shutdown-manager, which gets its own stop signal at the same moment; as a native sidecar/,
      /^Assumed: container shutdown-manager is always ready and ends at once on its stop signal\./m,
      /Fix: .*a preStop hook that works: the present one fails/,
    ],
    saysNot: [GRACE_ADVISED],
    replaced: 2,
  },
  {
    what: 'has a preStop hook that asks a port where nothing listens',
    args: manifest('prestop-https-on-other-port.yaml', nodeServer('user', 'exits-at-once.mjs')),
    code: 1,
    causes: ['routing-lag'],
    possible: ['no-graceful-shutdown', 'keep-alive-race'],
    says: [
      /^preStop of container user \(httpGet :8022\/wait-for-drain\) failed \(ECONNREFUSED\) at each of 3 /m,
      /Fix: .*a preStop hook that works: the present one fails/,
    ],
    saysNot: [GRACE_ADVISED],
  },
];

/** Runs once more if the result is invalid because the machine was too busy to keep the load's schedule. */
async function measured(t: TestContext, args: string[], options: RunOptions): Promise<Ended> {
  const first = await run(t, args, options);
  return first.code === 3 && /schedule was not kept/.test(first.stdout) ? run(t, args, options) : first;
}

test('a server whose response does not end: exit code 2 and advice', { skip }, async (t) => {
  const ended = await run(t, ['run', ...server('endless-stream.mjs')]);
  assert.match(ended.stderr, /^k8s-rollout-test: GET \/: the response does not end within 10 s.* with --path/m);
  assert.equal(ended.code, 2);
});

test('a server with only HTTP/2: one request before any load, exit code 2 and advice', { skip }, async (t) => {
  const ended = await run(t, ['run', ...server('http2-only.mjs')]);
  assert.match(ended.stderr, /it speaks HTTP\/2 only/);
  assert.equal(ended.code, 2);
});

test('a server with only TLS: one request before any load, exit code 2 and advice', { skip }, async (t) => {
  const pair = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem'), '-subj', '/CN=localhost'];
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...pair]);
  assert.equal(made.status, 0, String(made.stderr));
  const inFolder = ['--', 'sh', '-c', `cd '${folder}' && exec "$@"`, 'sh', ...server('tls.mjs').slice(1)];
  const ended = await run(t, ['run', ...inFolder]);
  assert.match(ended.stderr, /it speaks TLS only/);
  assert.equal(ended.code, 2);
});

describe('a rollout of a server that', {
  concurrency: 2,
  skip: !canBePid1() && 'containers cannot be PID 1 here',
}, () => {
  for (const [
    index,
    { what, args, env = {}, code, causes, possible = [], says, saysNot = [], replaced = 3, skip: lacking = false },
  ] of CASES.entries()) {
    test(what, { skip: lacking }, async (t) => {
      const out = join(folder, String(index));
      const {
        stdout,
        stderr,
        code: exitCode,
      } = await measured(t, ['run', '--overwrite', '--out', out, ...args], { env });
      // If the machine is too busy to keep the schedule, the result is invalid but the causes are the same.
      const late = exitCode === 3 && /schedule was not kept/.test(stdout);
      if (!late) assert.equal(exitCode, code, stdout + stderr);
      const rollout = readRun(out).trials.find(({ variant }) => variant === 'own');
      assert.ok(rollout && rollout.failed <= rollout.exposed && rollout.podsReplaced === replaced, stdout);
      const named = CAUSE_IDS.filter((id) => rollout.causes[id] > 0);
      assert.deepEqual(
        named.filter((id) => !possible.includes(id)),
        CAUSE_IDS.filter((id) => causes.includes(id)),
        stdout,
      );
      if (late) return t.diagnostic('the machine was too busy: no advice was given');
      for (const words of says) assert.match(stdout, words);
      for (const words of saysNot) assert.doesNotMatch(stdout, words);
    });
  }
});
