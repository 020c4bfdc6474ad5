/** Other versions of a runtime, with the real npm and a registry on loopback. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { EnvironmentError, InputError } from '../../src/errors.ts';
import type { Runtime } from '../../src/manifests/overlays.ts';
import type { InstallProgress } from '../../src/trials/runtime-cache.ts';
import { chosenRuntime } from '../../src/trials/runtime-choice.ts';
import { findRuntime, packagesOf } from '../../src/trials/runtimes.ts';
import { folder, startRegistry, useRegistry } from './registry.ts';

test('a path selects the binary there', async () => {
  const pinned = findRuntime('bun');
  const [binary = ''] = pinned.command;
  assert.deepEqual(await chosenRuntime('bun', binary), pinned);
});

describe('an invalid choice:', () => {
  const [node = ''] = findRuntime('node').command;
  const table: [what: string, name: Runtime, choice: string, message: RegExp][] = [
    ['a missing file', 'node', './no/such/node', /^--node \.\/no\/such\/node: there is no such file$/],
    ['a folder', 'node', '/tmp', /^--node \/tmp: there is no such file$/],
    ["another runtime's binary", 'bun', node, /--version says "v[\d.]+", which is no version of bun$/],
    ['text that npm would take for an address', 'node', 'github:a', /^--node github:a: neither a version nor a path/],
    ['an option of npm', 'node', '--force', /^--node --force: neither a version nor a path/],
  ];
  for (const [what, name, choice, message] of table) {
    test(`${what} is refused in one line`, async () => {
      await assert.rejects(chosenRuntime(name, choice), (error: Error) => {
        assert.ok(error instanceof InputError || error instanceof EnvironmentError);
        assert.match(error.message, message);
        return !error.message.includes('\n');
      });
    });
  }
});

describe('a version from npm', () => {
  const [wanted = { name: '', binary: '' }] = packagesOf('deno');
  const offered = { ...wanted, versions: ['2.1.0', '2.9.0'], prints: (version: string) => `deno ${version} (stable)` };

  test('is installed once, and then taken from the cache', async (t) => {
    const registry = await startRegistry(t, offered);
    useRegistry(t, registry.url);
    const cacheFolder = folder(t);
    const shown: string[] = [];
    const choosing = { cacheFolder, onProgress: ({ what, state }: InstallProgress) => shown.push(`${what} ${state}`) };
    const first = await chosenRuntime('deno', '2.1.0', choosing);
    assert.equal(first.version, '2.1.0');
    assert.ok(first.command[0]?.startsWith(cacheFolder));
    const asked = registry.requests.length;
    assert.ok(asked >= 2);
    assert.deepEqual(await chosenRuntime('deno', '2.1.0', choosing), first);
    assert.equal(registry.requests.length, asked, 'npm was not asked again');
    assert.deepEqual([shown[0], shown.at(-1)], [`${wanted.name}@2.1.0 started`, `${wanted.name}@2.1.0 done`]);
    assert.equal(readdirSync(cacheFolder).length, 1);
  });

  test('may be a range or a tag, which npm resolves', async (t) => {
    useRegistry(t, (await startRegistry(t, offered)).url);
    const cacheFolder = folder(t);
    assert.equal((await chosenRuntime('deno', '2.1', { cacheFolder })).version, '2.1.0');
    assert.equal((await chosenRuntime('deno', 'latest', { cacheFolder })).version, '2.9.0');
    assert.deepEqual(readdirSync(cacheFolder).length, 2);
  });

  test('that does not exist is reported in one line, and leaves nothing behind', async (t) => {
    useRegistry(t, (await startRegistry(t, offered)).url);
    const cacheFolder = folder(t);
    await assert.rejects(chosenRuntime('deno', '7.7.7', { cacheFolder }), (error: Error) => {
      assert.ok(error instanceof InputError, error.message);
      return /^--deno 7\.7\.7: npm could not install it: .*No matching version[^\n]*$/i.test(error.message);
    });
    assert.deepEqual(readdirSync(cacheFolder), []);
  });

  test('without npm is reported in one line', async (t) => {
    const before = process.env.PATH;
    t.after(() => {
      process.env.PATH = before;
    });
    process.env.PATH = folder(t);
    await assert.rejects(
      chosenRuntime('deno', '2.1.0', { cacheFolder: folder(t) }),
      (error: Error) => error instanceof EnvironmentError && /npm was not found$/.test(error.message),
    );
  });
});
