/** The first request and the first session, to a gateway that serves other hosts too. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import type { RequestMix } from '../../src/load/request-mix.ts';
import { holdPort } from '../../src/processes/ports.ts';
import { firstAnswers } from '../../src/trials/first-answer.ts';
import { within } from '../app/within.ts';

const HOST = 'trial-1.example.com';
const LIMITS = { connections: 1, timeoutMs: 5000 };
const MIX: RequestMix = {
  format: 'k8s-rollout-test/workload/1',
  scenarios: [
    { name: 'work', method: 'POST', path: '/work', body: '{}', connection: 'fresh', ratePerSecond: 1, ...LIMITS },
    { name: 'events', connection: 'events', path: '/events', ...LIMITS },
  ],
};

test('the first request and the first session name the host of the trial', async (t) => {
  const seen: string[] = [];
  const server = createServer(({ url = '', headers: { host = '' } }, response) => {
    const [path = ''] = url.split('?');
    seen.push(`${host} ${path}`);
    response.writeHead(host === HOST ? 200 : 404);
    if (path === '/events') response.write('data: 1\n\n');
    else response.end();
  });
  const { port, release } = await holdPort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
    release();
  });
  const answered = firstAnswers({
    target: { kind: 'url', url: `http://127.0.0.1:${port}`, virtualHost: HOST },
    requestMix: MIX,
    signal: new AbortController().signal,
    limitMs: 5000,
    onWait: () => {},
  });
  await within(10_000, 'the first answers', answered);
  assert.deepEqual(seen, [`${HOST} /work`, `${HOST} /events`]);
});
