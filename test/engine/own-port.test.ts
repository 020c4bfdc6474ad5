/** Pods whose server listens on a fixed port: each has a network of its own, connected to the host by a relay. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LocalCluster } from '../../src/clusters/local/local-cluster.ts';
import { canBePid1 } from '../../src/processes/container-process.ts';
import { startClock } from '../../src/trace/clock.ts';
import { tryConnect } from '../app/http-client.ts';
import { manifests } from './manifests.ts';
import { PROMPT_TIMINGS, podsOf } from './rollout.ts';

const OWN_PORT = 3000;
/** Also listens on a second port, which its readiness probe checks. */
const TWO_PORTS = `
require('node:http').createServer((req, res) => res.end('pod')).listen(${OWN_PORT});
require('node:http').createServer((req, res) => res.end('ready')).listen(3001, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
`;

const READY = '{ tcpSocket: { port: 8080 }, periodSeconds: 1 }';

/** Listens on port 3000 regardless of PORT; keeps no lifecycle log. */
const SERVER = `
const server = require('node:http').createServer((req, res) => {
  if (req.url === '/crash') process.exit(7);
  res.end(process.env.PORT + ' ' + process.env.HOST);
}).listen(${OWN_PORT});
process.on('SIGTERM', () => { server.close(); setTimeout(() => process.exit(0), 1000); });
`;

test('pods can use the same port, refuse connections when their server does, and recover from a crash', {
  skip: canBePid1() ? false : 'pods have no networks of their own here',
}, async (t) => {
  const command = [process.execPath, '-e', SERVER];
  const cluster = new LocalCluster({
    images: { web: { command } },
    ownPort: OWN_PORT,
    seed: 1,
    timings: PROMPT_TIMINGS,
  });
  const deployed = await cluster.deploy({
    manifests: manifests({ replicas: 2, readiness: READY }),
    clock: startClock(),
    signal: AbortSignal.timeout(60_000),
  });
  t.after(() => deployed.remove());
  const { target } = deployed;
  assert.ok(target.kind === 'routes');
  const endpoints = () => target.current().routers[0]?.endpoints ?? [];
  const urls = endpoints().map(({ host, port }) => `http://${host}:${port}`);
  assert.equal(new Set(urls).size, 2);
  for (const url of urls) assert.equal(await (await fetch(url)).text(), `${OWN_PORT} 0.0.0.0`);

  const [crashing = '', staying = ''] = urls;
  await assert.rejects(fetch(`${crashing}/crash`));
  const answered = async (): Promise<string> =>
    fetch(crashing).then(
      (response) => response.text(),
      () => answered(),
    );
  assert.equal(await answered(), `${OWN_PORT} 0.0.0.0`, 'the restarted server is reached again');
  assert.equal((await fetch(staying)).status, 200);

  await deployed.disrupt();
  const old = podsOf(deployed.record(), 'old');
  for (const { sigtermMs = 0, stoppedListeningMs = 0, exitMs = 0, listeningMs } of old) {
    assert.equal(listeningMs, undefined, 'it keeps no lifecycle log');
    assert.ok(stoppedListeningMs - sigtermMs < 300, `stopped after ${stoppedListeningMs - sigtermMs} ms`);
    assert.ok(exitMs - stoppedListeningMs > 500, 'its exit is distinguished from the end of listening');
  }
  for (const url of urls) assert.equal(await tryConnect(Number(new URL(url).port)), 'ECONNREFUSED');
});

test('probes and hooks reach a further port of the pod, and a hook fails if nothing listens on its port', {
  skip: canBePid1() ? false : 'pods have no networks of their own here',
}, async (t) => {
  const command = [process.execPath, '-e', TWO_PORTS];
  const cluster = new LocalCluster({
    images: { web: { command } },
    ownPort: OWN_PORT,
    seed: 1,
    timings: PROMPT_TIMINGS,
  });
  const rolled = async (preStop: string) => {
    const shape = { readiness: '{ httpGet: { path: /, port: 3001 }, periodSeconds: 1 }', preStop };
    const deployed = await cluster.deploy({
      manifests: manifests(shape),
      clock: startClock(),
      signal: AbortSignal.timeout(60_000),
    });
    t.after(() => deployed.remove());
    await deployed.disrupt();
    return deployed.record().events.map(({ type }) => type);
  };
  const [good, bad] = await Promise.all([
    rolled('{ httpGet: { path: /, port: 3001 } }'),
    rolled('{ httpGet: { path: /, port: 3002 } }'),
  ]);
  assert.ok(!good.includes('FailedPreStopHook'), good.join());
  assert.ok(bad.includes('FailedPreStopHook'), bad.join());
});
