/**
 * Runs in the network namespace of one pod and connects it with the host. The program hands over a listener of the host
 * only while the pod's server listens, so that a connection is refused when the server would refuse it. Probes and hooks
 * reach every port: the relay opens their connections within the namespace and hands over the sockets.
 *
 * Outgoing messages: { kind: 'listens' }, { kind: 'closed' }, and { kind: 'dialled', id } with a socket, or with `error`
 * instead. Incoming messages: { kind: 'listener' } with the host's listener, { kind: 'dial', id, port }, { kind:
 * 'started' } when the server was started, and { kind: 'terminating' } when it may stop listening.
 */
import { connect, type Server, type Socket } from 'node:net';
import { PortWatch } from '../../processes/listening-sockets.ts';

/** Polling costs time on a busy machine, so it runs only while the server may begin or stop to listen. */
const POLL_MS = 10;

const port = Number(process.argv[2]);
const watch = new PortWatch(port);
let host: ReturnType<PortWatch['host']>;
let listener: Server | undefined;
let timer: NodeJS.Timeout | undefined;

// The relay lives as long as the program. It ignores Ctrl-C, which the program handles.
process.on('disconnect', () => process.exit());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

type Message = { kind: 'started' | 'listener' | 'terminating' } | { kind: 'dial'; id: number; port: number };

process.on('message', (message: Message, handle) => {
  const { kind } = message;
  if (kind === 'started') {
    close(); // of the previous server
    watchUntil(() => host !== undefined, 'listens');
  }
  if (kind === 'terminating') watchUntil(() => host === undefined, 'closed');
  if (kind === 'listener') {
    close();
    listener = handle as Server;
    listener.on('connection', (client) => relay(client, host ?? '127.0.0.1', port));
  }
  if (kind === 'dial') dial(message.id, message.port);
});

function watchUntil(reached: () => boolean, kind: 'listens' | 'closed'): void {
  clearInterval(timer);
  timer = setInterval(() => {
    host = watch.host();
    if (!reached()) return;
    clearInterval(timer);
    if (kind === 'closed') close();
    process.send?.({ kind });
  }, POLL_MS);
}

function close(): void {
  listener?.close();
  listener = undefined;
}

/** Relays both directions. The end or reset of one side is passed on to the other. */
function relay(client: Socket, to: string, toPort: number): void {
  const pod = connect({ host: to, port: toPort, allowHalfOpen: true, noDelay: true });
  client.allowHalfOpen = true;
  client.setNoDelay(true);
  pod.on('error', () => client.resetAndDestroy());
  client.on('error', () => pod.resetAndDestroy());
  client.pipe(pod);
  pod.pipe(client);
}

/** The socket is paused, because bytes that were read here would be lost to its new owner. */
function dial(id: number, toPort: number): void {
  const socket = connect({ host: new PortWatch(toPort).host() ?? '127.0.0.1', port: toPort });
  socket.pause();
  const fail = ({ code, message }: NodeJS.ErrnoException) => {
    process.send?.({ kind: 'dialled', id, error: code ?? message });
  };
  socket.once('error', fail);
  socket.once('connect', () => {
    socket.off('error', fail).on('error', () => {}); // its owner notices
    process.send?.({ kind: 'dialled', id }, socket);
  });
}
