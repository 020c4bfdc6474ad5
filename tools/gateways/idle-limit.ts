/** How long a gateway keeps an idle connection to a server that closes none. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { holdPort } from '../../src/processes/ports.ts';
import { delay } from '../../src/timers.ts';
import type { MeasuredIdle } from './idle-result.ts';
import { HOST, throughGateway } from './lone-gateway.ts';

const BURST = 20;
/** Longer than the longest default but one; Envoy's is an hour. */
const WATCHED_MS = 130_000;

export async function idleLimit(name: string): Promise<MeasuredIdle> {
  const server = await patientServer();
  try {
    return await throughGateway(name, server.port, async ({ port, version }) => {
      const url = `http://${HOST}:${port}/`;
      await Promise.all(Array.from({ length: BURST }, async () => (await fetch(url)).text()));
      await delay(WATCHED_MS);
      const closedAfterMs = [...server.idleMs].sort((a, b) => a - b).map(Math.round);
      return { gateway: name, version, connections: server.connections(), watchedMs: WATCHED_MS, closedAfterMs };
    });
  } finally {
    server.close();
  }
}

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
  const close = () => {
    server.closeAllConnections();
    server.close();
    held.release();
  };
  return { port: held.port, idleMs, connections: () => answered.size, close };
}
