/** A TCP server on loopback that does with each connection what the test says, byte by byte. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { holdPort } from '../../src/processes/ports.ts';

export const HOST = '127.0.0.1';

/** A port on which nothing listens, this process's own until it ends. */
export async function freePort(): Promise<number> {
  return (await holdPort()).port;
}

export interface RawServer {
  port: number;
  /** Every connection accepted so far. */
  sockets: Socket[];
  /** The first of them. */
  accepted: Promise<Socket>;
}

/** Listens until the test ends; `serve` is called with each connection. */
export async function listen(t: TestContext, serve: (socket: Socket) => void): Promise<RawServer> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    serve(socket);
  });
  const accepted = once(server, 'connection').then(([socket]) => socket as Socket);
  const port = await freePort();
  server.listen(port, HOST);
  await once(server, 'listening');
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { port, sockets, accepted };
}

/** Calls `answer` for each request on the connection, with its first line, its head and which one it is, from 1. */
export function onRequest(socket: Socket, answer: (line: string, head: string, nth: number) => void): void {
  let nth = 0;
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    for (;;) {
      const end = received.indexOf('\r\n\r\n');
      const head = received.slice(0, Math.max(0, end));
      const whole = end + 4 + Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
      if (end < 0 || received.length < whole) return;
      received = received.slice(whole);
      answer(head.split('\r\n', 1)[0] ?? '', head, ++nth);
    }
  });
}

/** Long enough for what was written on loopback to be read. */
export async function delivered(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

/** A whole response with the body `ok`. */
export function response(status = 200, ...fields: string[]): string {
  return [`HTTP/1.1 ${status} Any`, ...fields, 'Content-Length: 2', '', 'ok'].join('\r\n');
}
