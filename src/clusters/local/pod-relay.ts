/**
 * Runs in the network namespace of one pod whose server listens on a port of its own choice, and passes connections on
 * from the host: the program hands it a listener of the host while, and only while, the server listens, so that a
 * connection is refused when the server would refuse it. A further port of the pod, which probes and hooks alone ask for,
 * is not watched: a connection to it is reset when nothing listens there.
 *
 * Messages: { kind: 'listens' } and { kind: 'closed' } go out. In come { kind: 'listener' } with the host's listener,
 * { kind: 'other', port } with the one of a further port, { kind: 'started' } when the server was started and
 * { kind: 'terminating' } when it may stop listening.
 */
import { connect, type Server, type Socket } from 'node:net';
import { PortWatch } from '../../processes/listening-sockets.ts';

/** A watch costs time on a busy machine, so there is one only while the server may begin or stop to listen. */
const POLL_MS = 10;

const port = Number(process.argv[2]);
const watch = new PortWatch(port);
let host: ReturnType<PortWatch['host']>;
let listener: Server | undefined;
let timer: NodeJS.Timeout | undefined;

// It ends with the program, and not before: a Ctrl-C is the program's to handle.
process.on('disconnect', () => process.exit());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

interface Message {
  kind: 'started' | 'listener' | 'other' | 'terminating';
  port?: number;
}

process.on('message', ({ kind, port: otherPort }: Message, handle) => {
  if (kind === 'started') {
    close(); // another server than before
    watchUntil(() => host !== undefined, 'listens');
  }
  if (kind === 'terminating') watchUntil(() => host === undefined, 'closed');
  if (kind === 'listener') {
    close();
    listener = handle as Server;
    listener.on('connection', (client) => relay(client, host ?? '127.0.0.1', port));
  }
  if (kind === 'other' && otherPort !== undefined) {
    const other = new PortWatch(otherPort);
    (handle as Server).on('connection', (client) => relay(client, other.host() ?? '127.0.0.1', otherPort));
  }
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

/** What happens to one side happens to the other: an end is an end, a reset is a reset. */
function relay(client: Socket, to: string, toPort: number): void {
  const pod = connect({ host: to, port: toPort, allowHalfOpen: true, noDelay: true });
  client.allowHalfOpen = true;
  client.setNoDelay(true);
  pod.on('error', () => client.resetAndDestroy());
  client.on('error', () => pod.resetAndDestroy());
  client.pipe(pod);
  pod.pipe(client);
}
