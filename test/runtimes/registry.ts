/** A minimal npm registry on loopback with made-up packages: only the endpoints that npm itself uses. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

export interface Registry {
  url: string;
  /** The requested paths, in order. */
  requests: string[];
  /** The hash of each version's content, as lockfiles have it. */
  integrity: Record<string, string>;
}

/** A folder that ends with the test. */
export function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'runtimes-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

/** npm asks this registry and keeps its own cache apart, until the test ends. */
export function useRegistry(t: TestContext, url: string): void {
  const before = { ...process.env };
  t.after(() => {
    process.env = before;
  });
  process.env = { ...before, npm_config_registry: url, npm_config_cache: folder(t), npm_config_fetch_retries: '0' };
}

/** Serves one package in these versions. Its binary prints the version in the format of this runtime. */
export async function startRegistry(
  t: TestContext,
  {
    name,
    binary,
    versions,
    prints,
  }: { name: string; binary: string; versions: readonly string[]; prints: (version: string) => string },
): Promise<Registry> {
  const requests: string[] = [];
  const tarballs = new Map(versions.map((version) => [version, pack({ name, binary, version, prints })]));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    requests.push(path);
    const tarball = tarballs.get(/^\/tarball\/(.+)\.tgz$/.exec(path)?.[1] ?? '');
    if (tarball) return response.end(tarball);
    if (path !== `/${name}`) return response.writeHead(404).end('{}');
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const entries = [...tarballs].map(([version, content]) => [
      version,
      { name, version, dist: { tarball: `${base}/tarball/${version}.tgz`, integrity: integrity(content) } },
    ]);
    const document = { name, 'dist-tags': { latest: versions.at(-1) }, versions: Object.fromEntries(entries) };
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const hashes = Object.fromEntries([...tarballs].map(([version, content]) => [version, integrity(content)]));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, integrity: hashes };
}

function integrity(content: Buffer): string {
  return `sha512-${createHash('sha512').update(content).digest('base64')}`;
}

function pack({
  name,
  binary,
  version,
  prints,
}: {
  name: string;
  binary: string;
  version: string;
  prints: (version: string) => string;
}): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'package-'));
  try {
    mkdirSync(join(folder, dirname(binary)), { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version, bin: { runtime: binary } }));
    writeFileSync(join(folder, binary), `#!/bin/sh\necho '${prints(version)}'\n`);
    chmodSync(join(folder, binary), 0o755);
    const [{ filename }] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--pack-destination=.'], { cwd: folder, encoding: 'utf8' }),
    );
    return readFileSync(join(folder, filename));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
