/** The command as it is published: packed from a fresh clone, installed in an empty folder from an empty cache. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { build } from 'esbuild';
import { freshClone, installed, pack } from './packed.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const MAX_UNPACKED_BYTES = 5_000_000;
const MAX_ANSWER_MS = 10_000;

/** ws tries whether somebody has installed these. */
const OPTIONAL_PARTS_OF_WS = ['bufferutil', 'utf-8-validate'];

const MANIFEST = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: app }
spec:
  selector: { matchLabels: { app: app } }
  template:
    metadata: { labels: { app: app } }
    spec: { containers: [{ name: app, image: app, ports: [{ containerPort: 8080 }] }] }
`;

const SERVER = `
const server = require('node:http').createServer((request, response) => response.end('hello'));
server.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

const folder = mkdtempSync(join(tmpdir(), 'packed-'));
const project = join(folder, 'project');
const program = join(project, 'node_modules/k8s-rollout-test');
let clone = '';
let tarball = '';
after(() => {
  rmSync(folder, { recursive: true });
  rmSync(clone, { recursive: true });
});

const NPM_WAS_ASKED = join(folder, 'npm-was-asked');
const NPM = `#!/bin/sh
echo "$@" >>'${NPM_WAS_ASKED}'
echo 'npm error code ENOTFOUND' >&2
echo 'npm error no network' >&2
exit 1
`;

/** An npm that has no network, and no cache of this machine's user. */
const ENVIRONMENT = {
  PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
  HOME: folder,
  XDG_CACHE_HOME: join(folder, 'cache'),
  NO_COLOR: '1',
};

before(() => {
  clone = freshClone();
  tarball = pack(clone, 'k8s-rollout-test');
  mkdirSync(project);
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/npm'), NPM, { mode: 0o755 });
  symlinkSync(process.execPath, join(folder, 'bin/node'));
  installed(project, tarball);
  writeFileSync(join(project, 'x.yaml'), MANIFEST);
  writeFileSync(join(project, 'server.js'), SERVER);
});

function run(...args: string[]) {
  const cli = join(project, 'node_modules/.bin/k8s-rollout-test');
  return spawnSync(process.execPath, [cli, ...args], { cwd: project, env: ENVIRONMENT, encoding: 'utf8' });
}

function readJson(file: string) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function filesOf(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

it('npm pack alone, which runs no script, fails and says what to do', () => {
  const { status, stderr } = spawnSync('npm', ['pack'], { cwd: clone, encoding: 'utf8' });
  assert.notEqual(status, 0);
  assert.match(stderr, /use-npm-run-pack/);
});

it('npm publish builds first: publishConfig turns the scripts on that .npmrc turns off', () => {
  const [root, serve] = ['package.json', 'packages/serve/package.json'].map((file) => readJson(join(clone, file)));
  assert.deepEqual(root.publishConfig, serve.publishConfig);
  const args = ['publish', '--dry-run', '--offline', '--workspace', serve.name];
  const { stderr } = spawnSync('npm', args, { cwd: clone, encoding: 'utf8' });
  assert.match(stderr, /\bdist\/node\.js\b/);
});

describe('the package', () => {
  it('is the only one that is installed, and depends on nothing', () => {
    assert.deepEqual(
      readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.')),
      ['k8s-rollout-test'],
    );
    const manifest = readJson(join(program, 'package.json'));
    const kinds = ['dependencies', 'peerDependencies', 'optionalDependencies', 'bundleDependencies', 'private'];
    assert.deepEqual(
      kinds.filter((kind) => manifest[kind] !== undefined),
      [],
    );
  });

  it('imports nothing but modules of Node', async () => {
    const dist = join(program, 'dist');
    const programs = filesOf(dist).filter((file) => file.endsWith('.js') && !file.startsWith('chunks/'));
    const { metafile } = await build({
      entryPoints: programs.map((file) => join(dist, file)),
      outdir: dist,
      splitting: true,
      write: false,
      metafile: true,
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      logLevel: 'error',
    });
    const imported = Object.values(metafile.inputs).flatMap(({ imports }) =>
      imports.filter(({ external }) => external),
    );
    const names = new Set(imported.map(({ path }) => path.replace(/^node:/, '')));
    assert.ok(names.has('worker_threads'));
    assert.deepEqual(
      [...names].filter((name) => !builtinModules.includes(name) && !OPTIONAL_PARTS_OF_WS.includes(name)),
      [],
    );
  });

  it('has no tests, no source maps and no sources, and is small', () => {
    const files = filesOf(program);
    const top = new Set(files.map((file) => file.split('/')[0]));
    assert.deepEqual(
      [...top].sort(),
      [
        'LICENSE',
        'README.md',
        'dist',
        'kubernetes',
        'kustomize',
        'loadtest.js',
        'package.json',
        'workload.json',
      ].sort(),
    );
    assert.deepEqual(
      files.filter((file) => /\.map$|\.ts$|^dist\/tests/.test(file)),
      [],
    );
    const bytes = files.reduce((sum, file) => sum + statSync(join(program, file)).size, 0);
    assert.ok(bytes < MAX_UNPACKED_BYTES, `${bytes} bytes unpacked`);
  });

  it('has the licence of every package that is bundled', () => {
    const text = readFileSync(join(program, 'dist/THIRD-PARTY-LICENSES'), 'utf8');
    const [list = '', ...sections] = text.split(`\n${'-'.repeat(80)}\n`);
    const names = list.split('\n').flatMap((line) => /^(\S+ \d\S*): \S/.exec(line)?.[1] ?? []);
    for (const name of ['@kubernetes/client-node', 'commander', 'hono', 'zod', '@stdlib/stats-base-dists-t-quantile']) {
      assert.ok(
        names.some((entry) => entry.startsWith(`${name} `)),
        name,
      );
    }
    const covered = new Set(sections.flatMap((section) => (section.split('\n')[0] ?? '').split(', ')));
    assert.deepEqual(
      names.filter((name) => !covered.has(name)),
      [],
    );
    assert.match(text, /Apache License\s+Version 2\.0/);
  });

  it("has the runtimes' part of the lockfile, without addresses", () => {
    const embedded = readJson(join(program, 'dist/runtimes/package-lock.json'));
    const { optionalDependencies } = readJson(join(PROJECT, 'packages/runtimes/package.json'));
    const { packages } = readJson(join(PROJECT, 'package-lock.json'));
    const { '': root, ...entries } = embedded.packages;
    assert.deepEqual(root.optionalDependencies, optionalDependencies);
    assert.deepEqual(
      Object.keys(entries).sort(),
      Object.keys(optionalDependencies)
        .map((name) => `node_modules/${name}`)
        .sort(),
    );
    for (const [path, entry] of Object.entries(entries)) {
      const { resolved: _, ...wanted } = packages[path];
      assert.deepEqual(entry, wanted);
      assert.match(wanted.integrity, /^sha512-/);
    }
  });
});

describe('the command', () => {
  it('checks a manifest within 10 s of an empty cache', () => {
    const cache = mkdtempSync(join(folder, 'npx-'));
    const begun = performance.now();
    const npx = ['exec', '--offline', '--yes', '--cache', cache, `--package=${tarball}`, '--'];
    const args = [...npx, 'k8s-rollout-test', 'check', '-f', join(project, 'x.yaml')];
    const { status, stdout, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
    assert.ok(performance.now() - begun < MAX_ANSWER_MS);
    assert.equal(status, 1, stderr);
    assert.match(stdout, /no-readiness-probe/);
  });

  it('says its version', () => {
    const { version } = readJson(join(PROJECT, 'package.json'));
    const { status, stdout, stderr } = run('--version');
    assert.equal(status, 0, stderr);
    assert.ok(stdout.includes(version), stdout);
  });

  it('rolls a server without asking npm for anything', () => {
    const quick = ['--replicas', '1', '--grace', '2', '--rate', '50', '--json'];
    const { status, stdout, stderr } = run('run', ...quick, '--', 'node', 'server.js');
    // 3: the machine was too busy to keep the load's schedule.
    assert.ok([0, 1, 3].includes(status ?? -1), `exit code ${status}: ${stderr}`);
    assert.equal(JSON.parse(stdout).run.kind, 'own-service');
    assert.equal(existsSync(NPM_WAS_ASKED), false);
  });

  it('says in one line that a runtime cannot be fetched', () => {
    const { status, stdout, stderr } = run('compare', '--runtime', 'bun');
    assert.deepEqual([status, stdout], [4, '']);
    assert.match(
      stderr,
      /^installing @oven\/bun-\S+ from npm\nk8s-rollout-test: npm cannot fetch bun [^\n]*: no network[^\n]*\n$/,
    );
    assert.equal(existsSync(NPM_WAS_ASKED), true);
    assert.deepEqual(readdirSync(join(ENVIRONMENT.XDG_CACHE_HOME, 'k8s-rollout-test/runtimes')), []);
  });
});
