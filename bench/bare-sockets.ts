/** The least that a constant arrival rate costs in Node: writes on kept connections when they are due, and no more. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const READ_BUFFER = Buffer.allocUnsafe(64 * 1024);

export interface BareLoad {
  port: number;
  host: string;
  ratePerSecond: number;
  connections: number;
  seconds: number;
  body: string;
}

/** Sends POST / and looks at no answer. Returns the processor seconds it took, and the requests sent. */
export async function bareSockets(load: BareLoad): Promise<{ processorSeconds: number; requests: number }> {
  const { host, port } = load;
  const onread = { buffer: READ_BUFFER, callback: () => true };
  const sockets = Array.from({ length: load.connections }, () => connect({ host, port, noDelay: true, onread }));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const request = [
    'POST / HTTP/1.1',
    `host: ${host}:${port}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(load.body)}`,
    '',
    load.body,
  ].join('\r\n');

  const before = process.cpuUsage();
  const startMs = performance.now();
  const planned = load.ratePerSecond * load.seconds;
  let sent = 0;
  while (sent < planned) {
    const waitMs = startMs + (sent * 1000) / load.ratePerSecond - performance.now();
    if (waitMs > 0) await delay(waitMs);
    else sockets[sent++ % sockets.length]?.write(request, 'latin1');
  }
  const { user, system } = process.cpuUsage(before);
  for (const socket of sockets) socket.destroy();
  return { processorSeconds: (user + system) / 1e6, requests: sent };
}
