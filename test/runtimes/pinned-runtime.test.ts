/** The pinned runtimes of a program that was installed without them: real npm, against a registry on loopback. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { EnvironmentError } from '../../src/errors.ts';
import { pinnedRuntime } from '../../src/trials/pinned-runtime.ts';
import type { InstallProgress } from '../../src/trials/runtime-cache.ts';
import { findRuntime, packagesOf } from '../../src/trials/runtimes.ts';
import { folder, startRegistry, useRegistry } from './registry.ts';

const VERSION = '2.1.0';
const [wanted = { name: '', binary: '' }] = packagesOf('deno');
const offered = { ...wanted, versions: [VERSION], prints: (version: string) => `deno ${version} (stable)` };

test('is the one of this checkout where that has it', async () => {
  assert.deepEqual(await pinnedRuntime('bun', { cacheFolder: '/no-such-folder' }), findRuntime('bun'));
});

describe('where there is none, npm', () => {
  test('fetches this one package once, for two programs at a time too, and shows that it does', async (t) => {
    const registry = await startRegistry(t, offered);
    useRegistry(t, registry.url);
    const pinned = { [wanted.name]: { version: VERSION, integrity: registry.integrity[VERSION] ?? '' } };
    const cacheFolder = folder(t);
    const shown: string[] = [];
    const options = { cacheFolder, onProgress: ({ what, state }: InstallProgress) => shown.push(`${what} ${state}`) };
    const [first, second] = await Promise.all([
      pinnedRuntime('deno', options, pinned),
      pinnedRuntime('deno', { cacheFolder }, pinned),
    ]);
    assert.equal(first.version, VERSION);
    assert.ok(first.command[0]?.startsWith(cacheFolder));
    assert.deepEqual(second, first);
    assert.deepEqual([...new Set(registry.requests)], [`/${wanted.name}`, `/tarball/${VERSION}.tgz`]);
    const [started, ...more] = shown;
    assert.deepEqual([started, more.at(-1)], [`${wanted.name}@${VERSION} started`, `${wanted.name}@${VERSION} done`]);
    const asked = registry.requests.length;
    assert.deepEqual(await pinnedRuntime('deno', options, pinned), first);
    assert.equal(registry.requests.length, asked, 'npm was not asked again');
    assert.equal(readdirSync(cacheFolder).length, 1);
  });

  test('refuses content that has another hash, and leaves nothing behind', async (t) => {
    const registry = await startRegistry(t, offered);
    useRegistry(t, registry.url);
    const integrity = `sha512-${Buffer.alloc(64).toString('base64')}`;
    const cacheFolder = folder(t);
    await assert.rejects(
      pinnedRuntime('deno', { cacheFolder }, { [wanted.name]: { version: VERSION, integrity } }),
      (error: Error) =>
        error instanceof EnvironmentError && /^npm cannot fetch deno \([^\n]*integrity[^\n]*$/i.test(error.message),
    );
    assert.deepEqual(readdirSync(cacheFolder), []);
  });

  test('leaves nothing behind when it is interrupted', async (t) => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    t.after(() => {
      silent.closeAllConnections();
      silent.close();
    });
    useRegistry(t, `http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    const cacheFolder = folder(t);
    const interruption = new AbortController();
    const reason = new Error('interrupted');
    silent.once('request', () => interruption.abort(reason));
    const pinned = { [wanted.name]: { version: VERSION, integrity: `sha512-${'A'.repeat(86)}==` } };
    await assert.rejects(pinnedRuntime('deno', { cacheFolder, signal: interruption.signal }, pinned), reason);
    assert.deepEqual(readdirSync(cacheFolder), []);
  });
});
