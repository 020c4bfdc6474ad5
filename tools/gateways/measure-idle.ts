/**
 * Measures how long each gateway keeps an idle connection to a server by default, for docs/idle-timeouts.md:
 * `npm run gateways:idle`. The gateways must be on the PATH. It takes a little more than two minutes.
 */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { GATEWAYS } from '../../src/gateways/registry.ts';
import { GatewayProcess } from '../../src/gateways/running-gateway.ts';
import { installedGateway } from '../../src/gateways/way.ts';
import { holdPort } from '../../src/processes/ports.ts';
import { projectFile } from '../../src/project-file.ts';
import { delay } from '../../src/timers.ts';
import { IDLE_RESULT, type MeasuredIdle } from './idle-result.ts';

const HOST = '127.0.0.1';
const BURST = 20;
/** Longer than the longest default but one; Envoy's is an hour. */
const WATCHED_MS = 130_000;

/** A server that never closes a connection, and when each of its connections was closed, in ms after its last response. */
async function patientServer() {
  const idleMs: number[] = [];
  const answered = new Map<Socket, number>();
  const server = createServer((request, response) => {
    response.end('ok', () => answered.set(request.socket, performance.now()));
    request.resume();
  });
  server.keepAliveTimeout = 0;
  server.on('connection', (socket: Socket) => {
    socket.on('close', () => {
      const answeredMs = answered.get(socket);
      if (answeredMs !== undefined) idleMs.push(performance.now() - answeredMs);
    });
  });
  const held = await holdPort();
  server.listen(held.port, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, port, idleMs, connections: () => answered.size, release: () => held.release() };
}

async function measure(name: string): Promise<MeasuredIdle> {
  const kind = GATEWAYS.find((candidate) => candidate.name === name);
  if (!kind) throw new Error(`no gateway "${name}"`);
  const { binary, version } = await installedGateway({ name, kind, upstream: 'pods' }, {});
  const pods = await patientServer();
  const ports = [await holdPort(), await holdPort()];
  const [port = 0, adminPort = 0] = ports.map((held) => held.port);
  const upstream = { host: HOST, port: pods.port };
  const onDeath = (error: Error) => {
    throw error;
  };
  const gateway = await GatewayProcess.start({ kind, binary, host: HOST, port, adminPort, onDeath }, [upstream]);
  try {
    await gateway.apply([upstream]);
    const url = `http://${HOST}:${port}/`;
    await Promise.all(Array.from({ length: BURST }, async () => (await fetch(url)).text()));
    await delay(WATCHED_MS);
    const closedAfterMs = [...pods.idleMs].sort((a, b) => a - b).map(Math.round);
    return { gateway: name, version, connections: pods.connections(), watchedMs: WATCHED_MS, closedAfterMs };
  } finally {
    await gateway.stop();
    pods.server.closeAllConnections();
    pods.server.close();
    for (const held of [...ports, pods]) held.release();
  }
}

const measured = await Promise.all(GATEWAYS.map(({ name }) => measure(name)));
const file = join(dirname(projectFile('package.json')), IDLE_RESULT);
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(measured, undefined, 2)}\n`);
console.log(`wrote ${IDLE_RESULT}`);
