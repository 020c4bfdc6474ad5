/** The script that tells an Envoy in a cluster of the endpoints, against an API server that the test plays. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PROJECT, until } from '../cli/program.ts';
import { type Endpoint, sliceObject } from '../kubernetes/api-server/objects.ts';
import { startApiServer } from '../kubernetes/api-server/server.ts';

const NAMESPACE = 'trial';

async function feed(t: TestContext, ...more: string[]) {
  const { server, url } = await startApiServer(t);
  const folder = mkdtempSync(join(tmpdir(), 'endpoint-feed-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'endpoints.json');
  writeFileSync(join(folder, 'token'), 'secret\n');
  const start = () => {
    const script = join(PROJECT, 'kubernetes/endpoint-feed.js');
    const child = spawn(process.execPath, [script, NAMESPACE, 'web', file, ...more], {
      env: { ...process.env, API_SERVER: url, TOKEN_FILE: join(folder, 'token') },
    });
    t.after(() => child.kill('SIGKILL'));
    return child;
  };
  const put = (endpoints: Endpoint[], service = 'web') => server.store.put(sliceObject(endpoints, NAMESPACE, service));
  const addresses = () => {
    if (!existsSync(file)) return undefined;
    const [{ endpoints }] = JSON.parse(readFileSync(file, 'utf8')).resources;
    return endpoints[0].lb_endpoints.length;
  };
  return { server, start, put, addresses };
}

test('it writes the ready endpoints of the Service, and again at each change', async (t) => {
  const { server, start, put, addresses } = await feed(t);
  put([{ uid: 'a' }, { uid: 'b', ready: false }, { uid: 'c', terminating: true }]);
  put([{ uid: 'd' }, { uid: 'e' }], 'other');
  start();
  await until('the first file', () => addresses() === 1);
  await server.watched('endpointslices');
  put([{ uid: 'a' }, { uid: 'b' }]);
  await until('the new pod', () => addresses() === 2);
  put([]);
  await until('none', () => addresses() === 0);
});

test('with "once", it ends after the first file', async (t) => {
  const { start, put, addresses } = await feed(t, 'once');
  put([{ uid: 'a' }]);
  const [code] = await once(start(), 'exit');
  assert.deepEqual([code, addresses()], [0, 1]);
});
