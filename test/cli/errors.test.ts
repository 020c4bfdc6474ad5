/** What a user sees after a mistake: one line that says what is wrong, and the documented exit code. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { PROJECT, run } from './program.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'cli-'));
process.on('exit', () => rmSync(FOLDER, { recursive: true, force: true }));
const file = (name: string, content: string) => {
  const path = join(FOLDER, name);
  writeFileSync(path, content);
  return path;
};

function emptyFolder(): string {
  const path = join(FOLDER, 'empty');
  mkdirSync(path);
  return path;
}

/** A folder with the results of an earlier run of this program. */
function usedFolder(): string {
  const path = join(FOLDER, 'used');
  mkdirSync(path);
  writeFileSync(join(path, 'result.json'), '{"format":"k8s-rollout-test/result/1","trials":[{}]}');
  return path;
}
const USED = usedFolder();
const REFUSED =
  /used holds the results of another run \(a run from [-\d]+ [:\d]+ UTC\); choose another folder or add --overwrite/;
const SERVER = ['--', process.execPath, '-e', 'process.exit(3)'];

describe('one line and the exit code for', { concurrency: 4 }, () => {
  const table: [what: string, args: string[], code: number, line: RegExp][] = [
    ['an unknown command', ['frobnicate'], 2, /unknown command 'frobnicate'/],
    ['an unknown flag', ['compare', '--frobnicate'], 2, /unknown option '--frobnicate'/],
    ['an unknown variant', ['compare', '--variant', 'valid,nonsense'], 2, /no variant "nonsense"; there are broken, /],
    ['an unknown runtime', ['compare', '--runtime', 'perl'], 2, /no runtime "perl"; there are node, bun, deno/],
    ['no number', ['compare', '--rate', 'many'], 2, /--rate.*whole number from 1 to 20000/],
    ['zero repeats', ['compare', '--repeat', '0'], 2, /--repeat.*whole number from 1/],
    ['another load', ['compare', '--load', 'wrk'], 2, /--load.*builtin, k6/],
    [
      'pauses without a gateway',
      ['compare', '--variant', 'pauses'],
      2,
      /--variant pauses: shows what a gateway does with idle connections: name one with --through/,
    ],
    ['the same for a server of your own', ['run', '--pauses', ...SERVER], 2, /--pauses: .* name one with --through/],
    [
      'pauses for k6',
      ['compare', '--variant', 'pauses', '--through', 'nginx', '--load', 'k6'],
      2,
      /--variant pauses: k6 cannot send bursts/,
    ],
    [
      'pauses in a cluster',
      ['compare', '--variant', 'pauses', '--on', 'kubernetes', '--url', 'http://node'],
      2,
      /--variant pauses: measured on the local cluster only/,
    ],
    ['an unknown event', ['compare', '--event', 'earthquake'], 2, /--event.*must be rollout, rollback, /],
    [
      'a fix for an event',
      ['run', '--event', 'evict', '--find-fix', ...SERVER],
      2,
      /'--event <event>' cannot be used with/,
    ],
    [
      'sessions for k6',
      ['compare', '--load', 'k6', '--scenario', 'websocket'],
      2,
      /"websocket": k6 sends requests only/,
    ],
    [
      'sessions for k6 in a cluster',
      ['compare', '--on', 'kubernetes', '--scenario', 'fresh,events'],
      2,
      /"events": k6 sends requests only/,
    ],
    ['a rate without requests', ['run', '--scenario', 'events', '--rate', '5', ...SERVER], 2, /--rate: only sessions/],
    ['sessions without a scenario', ['compare', '--sessions', '5'], 2, /--sessions: no session is opened/],
    ['a missing folder', ['compare', join(FOLDER, 'missing')], 2, /missing: there is no such folder/],
    ['a file instead of a folder', ['compare', file('a-file', '')], 2, /a-file: is a file/],
    ['a report on a missing folder', ['report', join(FOLDER, 'missing')], 2, /missing: there is no such folder/],
    ['more than two folders', ['compare', FOLDER, FOLDER, FOLDER], 2, /takes one folder, or two/],
    ['a first folder that is a file', ['compare', file('c', ''), FOLDER], 2, /\/c: is a file/],
    ['a missing runtime', ['compare', '--node', './missing'], 2, /--node \.\/missing: there is no such file/],
    ['a wrong runtime', ['compare', '--deno', process.execPath], 2, /which is no version of deno/],
    ['a runtime for a cluster', ['compare', '--on', 'kubernetes', '--bun', '1.4.4'], 2, /--bun is for --on local/],
    ['a report on an empty folder', ['report', emptyFolder()], 2, /empty: holds no results/],
    [
      'a report in another format',
      ['report', FOLDER, '--format', 'pdf'],
      2,
      /--format.*html, markdown, junit, svg, github/,
    ],
    ['a trial without a picture', ['report', FOLDER, '--trial', 'valid-node'], 2, /--trial: needs --format svg/],
    [
      'a command for a cluster',
      ['run', '--on', 'kubernetes', '--deployment', 'web', '--url', 'http://web', '--', 'node', 'server.js'],
      2,
      /takes no command after --; to run one instead of a restart, use --trigger/,
    ],
    [
      'a deployment without a cluster',
      ['run', '--deployment', 'web'],
      2,
      /--deployment: needs a manifest \(-k or -f\), or a cluster/,
    ],
    ['two kustomizations', ['run', '-k', 'a', '-k', 'b'], 2, /-k, --kustomize.* can be given once; /],
    ['replicas of a cluster', ['run', '--on', 'kubernetes', '--replicas', '2'], 2, /--replicas is for --on local/],
    [
      'nothing to restart',
      ['run', '--on', 'kubernetes', '--url', 'http://web'],
      2,
      /--deployment NAME, --statefulset NAME or --daemonset NAME/,
    ],
    ['no address', ['run', '--on', 'kubernetes', '--deployment', 'web'], 2, /with --url \(an Ingress/],
    [
      'an address with a path',
      ['run', '--on', 'kubernetes', '--deployment', 'web', '--url', 'http://web/shop?a=1'],
      2,
      /--url http:\/\/web\/shop\?a=1: .* --path \/shop\?a=1/,
    ],
    [
      'two workloads',
      ['run', '--on', 'kubernetes', '--deployment', 'a', '--statefulset', 'b'],
      2,
      /cannot be used with/,
    ],
    [
      'a check of files and a cluster',
      ['check', '--on', 'kubernetes', '-f', 'a.yaml'],
      2,
      /-k, -f, -R and - cannot be used/,
    ],
    [
      'an image here',
      ['compare', '--gateway-image', 'nginx=nginx:1'],
      2,
      /--gateway-image is for a cluster: add --on kubernetes/,
    ],
    [
      'a program of this machine on a cluster',
      ['compare', '--on', 'kubernetes', '--through', 'nginx', '--gateway-binary', 'nginx=/nginx'],
      2,
      /--gateway-binary is for --on local: on a cluster, use --gateway-image/,
    ],
    [
      'a gateway that follows the pods, before the Service of a cluster',
      ['compare', '--on', 'kubernetes', '--through', 'traefik:service'],
      2,
      /--through traefik:service: on a cluster, Traefik sends to the pods: write traefik/,
    ],
    [
      'an IngressClass here',
      ['compare', '--ingress-class', 'nginx'],
      2,
      /--ingress-class is for a cluster: add --on kubernetes/,
    ],
    ['a Gateway here', ['compare', '--gateway', 'infra/public'], 2, /--gateway is for a cluster: add --on kubernetes/],
    ['a log here', ['compare', '--gateway-logs', 'a/b'], 2, /--gateway-logs is for a cluster: add --on kubernetes/],
    [
      'the log of no gateway',
      ['compare', '--on', 'kubernetes', '--gateway-logs', 'edge/nginx'],
      2,
      /--gateway-logs is for a gateway of your own: name it with --ingress-class or --gateway/,
    ],
    [
      'the Service of no gateway',
      ['compare', '--on', 'kubernetes', '--through', 'nginx', '--gateway-service', 'edge/nginx'],
      2,
      /--gateway-service is for a gateway of your own: name it with --ingress-class or --gateway/,
    ],
    [
      'a Gateway without a namespace',
      ['compare', '--on', 'kubernetes', '--gateway', 'public'],
      2,
      /--gateway public: write it as NAMESPACE\/NAME/,
    ],
    [
      'a gateway for a workload that already runs',
      ['run', '--on', 'kubernetes', '--deployment', 'web', '--url', 'http://web', '--through', 'nginx'],
      2,
      /--through is for manifests \(-k, -f\): a workload that already runs gets its requests at --url/,
    ],
    [
      'a program of this machine for manifests on a cluster',
      ['run', '--on', 'kubernetes', '-k', 'deploy', '--through', 'nginx', '--gateway-binary', 'nginx=/nginx'],
      2,
      /--gateway-binary is for --on local: on a cluster, use --gateway-image/,
    ],
    [
      'the log of no gateway, for manifests',
      ['run', '--on', 'kubernetes', '-k', 'deploy', '--gateway-logs', 'edge/nginx'],
      2,
      /--gateway-logs is for a gateway of your own: name it with --ingress-class or --gateway/,
    ],
    [
      'an IngressClass and a Gateway',
      ['compare', '--on', 'kubernetes', '--ingress-class', 'nginx', '--gateway', 'infra/public'],
      2,
      /'--ingress-class <name>' cannot be used with option '--gateway <namespace\/name>'/,
    ],
    [
      'the port of the Service for a gateway',
      ['compare', '--on', 'kubernetes', '--ingress-class', 'nginx', '--url', 'http://node:{nodePort}'],
      2,
      /--url http:\/\/node:\{nodePort\}: \{nodePort\} stands for the port of the app's Service; write that of the gateway/,
    ],
    [
      'one URL for several ways',
      ['compare', '--on', 'kubernetes', '--ingress-class', 'x', '--through', 'direct', '--url', 'http://shop.test'],
      2,
      /--url leads to one gateway: measure the other ways in a run of their own/,
    ],
    ['a way of run on a cluster', ['run', '--on', 'kubernetes', '--through', 'nginx'], 2, /--through/],
    ['a namespace of files', ['check', '-n', 'web'], 2, /--namespace is for a cluster/],
    ['a folder of another run', ['compare', '--out', USED], 2, REFUSED],
    ['a folder of another run, for run', ['run', '--out', USED, ...SERVER], 2, REFUSED],
    ['a folder of another run, for a search', ['run', '--find-fix', '--out', USED, ...SERVER], 2, REFUSED],
    ['nothing to overwrite', ['compare', '--overwrite'], 2, /--overwrite: needs --out DIR/],
    ['nothing to overwrite, for run', ['run', '--overwrite', ...SERVER], 2, /--overwrite: needs --out DIR/],
    [
      'a folder that cannot be created',
      ['compare', '--out', file('b', '')],
      4,
      /\/b: cannot be written: (EEXIST|ENOTDIR)/,
    ],
  ];
  for (const [what, args, code, line] of table) {
    test(what, async (t) => {
      const ended = await run(t, args);
      assert.equal(ended.code, code, ended.stderr);
      assert.match(ended.stderr, /^k8s-rollout-test: [^\n]*\n$/);
      assert.match(ended.stderr, line);
      assert.equal(ended.stdout, '');
    });
  }
});

/** The program in a separate folder that contains everything of the project except what `hide` names. */
function installedWithout(t: TestContext, hide: (path: string) => boolean): string {
  const folder = mkdtempSync(join(tmpdir(), 'installed-'));
  t.after(() => rmSync(folder, { recursive: true }));
  cpSync(join(PROJECT, 'dist'), join(folder, 'dist'), { recursive: true });
  for (const name of ['package.json', 'kustomize', 'workload.json', 'loadtest.js']) {
    symlinkSync(join(PROJECT, name), join(folder, name));
  }
  for (const name of readdirSync(join(PROJECT, 'node_modules'))) {
    const path = join('node_modules', name);
    if (!name.startsWith('@')) {
      if (!hide(name)) link(folder, path);
    } else {
      for (const part of readdirSync(join(PROJECT, path))) if (!hide(`${name}/${part}`)) link(folder, join(path, part));
    }
  }
  return join(folder, 'dist/cli.js');
}

function link(folder: string, path: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  symlinkSync(join(PROJECT, path), join(folder, path));
}

test('a runtime that is missing and cannot be fetched: exit code 4 and why', async (t) => {
  const cli = installedWithout(t, (name) => name.startsWith('@oven/'));
  const unreachable = { npm_config_registry: 'http://127.0.0.1:9', npm_config_fetch_retries: '0' };
  const env = { ...unreachable, npm_config_cache: join(FOLDER, 'npm'), XDG_CACHE_HOME: join(FOLDER, 'cache') };
  const { code, stderr } = await run(t, ['compare'], { cli, env });
  assert.equal(code, 4, stderr);
  assert.match(
    stderr,
    /^installing (@oven\/\S+)@\S+ from npm\nk8s-rollout-test: npm cannot fetch bun \(package \1\): [^\n]*ECONNREFUSED[^\n]*\n$/,
  );
});

test('--debug shows where an error comes from', async (t) => {
  const { code, stderr } = await run(t, ['--debug', 'compare', join(FOLDER, 'missing')]);
  assert.equal(code, 2);
  assert.match(stderr, /no such folder\n {4}at /);
});

test('--version prints the version of package.json', async (t) => {
  const { code, stdout, stderr } = await run(t, ['--version']);
  const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  assert.deepEqual([code, stdout, stderr], [0, `${version}\n`, '']);
});

test('--help is not an error', async (t) => {
  const { code, stdout, stderr } = await run(t, ['compare', '--help']);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /--variant <names>/);
});
