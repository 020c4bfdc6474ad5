/** Pods whose server listens on a port of its own choice: a network each, joined to the host by a relay. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LocalCluster } from '../../src/clusters/local/local-cluster.ts';
import { canBePid1 } from '../../src/processes/container-process.ts';
import { startClock } from '../../src/trace/clock.ts';
import { tryConnect } from '../app/http-client.ts';
import { manifests } from './manifests.ts';
import { PROMPT_TIMINGS, podsOf } from './rollout.ts';

const OWN_PORT = 3000;
const READY = '{ tcpSocket: { port: 8080 }, periodSeconds: 1 }';

/** Listens on port 3000 whatever it is told; says nothing of its life. */
const SERVER = `
const server = require('node:http').createServer((req, res) => {
  if (req.url === '/crash') process.exit(7);
  res.end(process.env.PORT + ' ' + process.env.HOST);
}).listen(${OWN_PORT});
process.on('SIGTERM', () => { server.close(); setTimeout(() => process.exit(0), 1000); });
`;

test('pods share a port, refuse when their server does, and come back', {
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
    assert.equal(listeningMs, undefined, 'it keeps no log');
    assert.ok(stoppedListeningMs - sigtermMs < 300, `stopped after ${stoppedListeningMs - sigtermMs} ms`);
    assert.ok(exitMs - stoppedListeningMs > 500, 'its end is not taken for its stop');
  }
  for (const url of urls) assert.equal(await tryConnect(Number(new URL(url).port)), 'ECONNREFUSED');
});
