/** A server that violates WebSockets or event streams in the way that its first argument names. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const STREAM = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const PING = Buffer.from([0x89, 0]);
/** The beginning of a frame of 2^40 bytes. */
const LONG_FRAME = Buffer.from([0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0]);

function upgrade(head, proof = accept(head)) {
  return `HTTP/1.1 101 Any\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${proof}\r\n\r\n`;
}

function accept(head) {
  const key = /^sec-websocket-key: (.*)$/im.exec(head)?.[1] ?? '';
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64');
}

/** Writes a piece repeatedly, as fast as it is read. */
function endless(socket, piece) {
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
}

/** What it does when a request has arrived. */
const ANSWERS = {
  'never answers': () => {},
  'answers with the wrong proof': (socket, head) => socket.write(upgrade(head, 'wrong')),
  'answers with a page': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  'sends a frame of 2^40 bytes': (socket, head) => {
    socket.write(Buffer.concat([Buffer.from(upgrade(head)), LONG_FRAME]));
    endless(socket, Buffer.alloc(1 << 16));
  },
  'pings as fast as it can and reads nothing': (socket, head) => {
    socket.write(upgrade(head));
    socket.pause();
    endless(socket, Buffer.concat(Array(1000).fill(PING)));
  },
  'masks its frames': (socket, head) =>
    socket.write(Buffer.concat([Buffer.from(upgrade(head)), Buffer.from([0x81, 0x80, 1, 2, 3, 4])])),
  'closes each session at once': (socket, head) =>
    socket.write(Buffer.concat([Buffer.from(upgrade(head)), Buffer.from([0x88, 2, 3, 0xe9])])),
  'ends each stream after a second': (socket) => {
    socket.write(STREAM);
    setTimeout(() => socket.end('0\r\n\r\n'), 1000);
  },
  'sends events as fast as it can': (socket) => {
    socket.write(STREAM);
    endless(socket, `10000\r\n${'x'.repeat(1 << 16)}\r\n`);
  },
  'sends chunks of garbage': (socket) => {
    socket.write(STREAM);
    setTimeout(() => socket.write('zz\r\n'), 1500);
  },
};

const answer = ANSWERS[process.argv[2]];
const server = createServer((socket) => {
  socket.on('error', () => {});
  let received = '';
  socket.on('data', (chunk) => {
    const before = received.includes('\r\n\r\n');
    received += chunk.toString('latin1');
    if (!before && received.includes('\r\n\r\n')) answer(socket, received);
  });
});
server.listen(Number(process.env.PORT), process.env.HOST);
process.on('SIGTERM', () => process.exit(0));
