/** A server on loopback whose faults are chosen by path. It implements just enough HTTP to control every byte. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface Arrival {
  id: string;
  path: string;
  host: string;
  atEpochMs: number;
  /** The number of the request on its connection, from 1. */
  nth: number;
}

export class FaultyServer {
  readonly arrivals: Arrival[] = [];
  connections = 0;
  /** Until then, counted in ms from the first request, every request is answered 404, as by a gateway that does not know the host. */
  unknownForMs = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#serve(socket));

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    let nth = 0;
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const [head, body] = received.split('\r\n\r\n', 2);
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
      if (head === undefined || body === undefined || body.length < length) return;
      received = '';
      const path = head.split(' ')[1] ?? '';
      const id = /x-request-id: (\S+)/i.exec(head)?.[1] ?? '';
      const host = /^host: (\S+)/im.exec(head)?.[1] ?? '';
      const atEpochMs = performance.timeOrigin + performance.now();
      this.arrivals.push({ id, path, host, atEpochMs, nth: ++nth });
      const isKnown = atEpochMs - (this.arrivals[0]?.atEpochMs ?? 0) >= this.unknownForMs;
      answer(socket, isKnown ? path : '/status/404', nth, /^connection: close$/im.test(head));
    });
  }
}

/** @param last whether the client wants the connection closed after the response */
function answer(socket: Socket, path: string, nth: number, last: boolean): void {
  const respond = (status: number, headers = '') => {
    socket.write(`HTTP/1.1 ${status} Any\r\nX-Pod-Name: pod-1\r\n${headers}Content-Length: 2\r\n\r\n{}`);
    if (last) socket.end();
  };
  const [, fault, argument] = path.split('/');
  switch (fault) {
    case 'reset':
      socket.resetAndDestroy();
      break;
    case 'reset-second':
      if (nth === 2) socket.resetAndDestroy();
      else respond(200);
      break;
    case 'close':
      socket.end();
      break;
    case 'cut':
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', () => socket.end());
      break;
    case 'hang':
      break;
    case 'slow':
      setTimeout(respond, Number(argument), 200);
      break;
    case 'status':
      respond(Number(argument));
      break;
    case 'seen-before':
      respond(200, 'X-Request-Count: 2\r\n');
      break;
    default:
      respond(200);
  }
}
