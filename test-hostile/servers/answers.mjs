/** A server that violates HTTP in the way that its first argument names. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

/** Writes a piece repeatedly, as fast as it is read. */
function endless(socket, piece) {
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
}

function slowly(socket, text, everyMs) {
  let sent = 0;
  const timer = setInterval(() => (sent < text.length ? socket.write(text[sent++]) : clearInterval(timer)), everyMs);
  socket.on('close', () => clearInterval(timer));
}

/** What it does when a request has arrived. */
const ANSWERS = {
  garbage: (socket) => socket.end(randomBytes(4096)),
  'endless garbage': (socket) => endless(socket, randomBytes(65_536)),
  'endless headers': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    endless(socket, 'X-Header: value\r\n'.repeat(1000));
  },
  'a header of 100 MB': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nX-Header: ');
    let left = 100;
    const more = () => {
      while (left-- > 0 && socket.write(Buffer.alloc(1024 * 1024, 'x')));
      if (left <= 0) socket.end('\r\nContent-Length: 2\r\n\r\nok');
    };
    socket.on('drain', more);
    more();
  },
  'a status line without end': (socket) => endless(socket, 'HTTP/1.1 200 '.padEnd(65_536, 'O')),
  'a body without end': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    endless(socket, Buffer.alloc(65_536, 'x'));
  },
  'chunks without end': (socket) => {
    socket.write(CHUNKED);
    endless(socket, '1\r\nx\r\n'.repeat(10_000));
  },
  'a negative length': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok'),
  'a huge length': (socket) => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${'9'.repeat(40)}\r\n\r\nok`),
  'a length that is no number': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok'),
  'two lengths': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'),
  'a length and chunks': (socket) =>
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'),
  'chunks of garbage': (socket) => socket.end(`${CHUNKED}zz\r\nok\r\n`),
  'a chunk of 2^63 bytes': (socket) => socket.write(`${CHUNKED}8000000000000000\r\nok`),
  'a chunk of minus one byte': (socket) => socket.end(`${CHUNKED}-1\r\nok\r\n0\r\n\r\n`),
  'a chunk extension without end': (socket) => {
    socket.write(`${CHUNKED}2;`);
    endless(socket, Buffer.alloc(65_536, 'x'));
  },
  'trailers without end': (socket) => {
    socket.write(`${CHUNKED}0\r\n`);
    endless(socket, 'X-Trailer: value\r\n'.repeat(1000));
  },
  'HTTP/0.9': (socket) => socket.end('<html>ok</html>\n'),
  'another version of HTTP': (socket) => socket.end('HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  'statuses 1xx for ever': (socket) => {
    const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 5);
    socket.on('close', () => clearInterval(timer));
  },
  'status 101': (socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nx'),
  'status 000': (socket) => socket.end('HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n'),
  'status 999': (socket) => socket.end('HTTP/1.1 999 Much\r\nContent-Length: 0\r\n\r\n'),
  'status 204 with a body': (socket) => socket.write('HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok'),
  'responses nobody asked for': (socket) => socket.write(OK.repeat(5)),
  'a header with control characters': (socket) =>
    socket.end('HTTP/1.1 200 OK\r\nX-\u0000Header: \u001b[31m::error::\u0007\r\nContent-Length: 2\r\n\r\nok'),
  'a keep-alive of years': (socket) =>
    socket.write(`HTTP/1.1 200 OK\r\nKeep-Alive: timeout=${'9'.repeat(30)}\r\nContent-Length: 2\r\n\r\nok`),
  'one byte at a time': (socket) => slowly(socket, OK, 50),
  silence: () => {},
  'half a response': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nok'),
  'an end without a response': (socket) => socket.end(),
  'a reset': (socket) => socket.resetAndDestroy(),
};

/** What it does with a new connection, before any request. */
const GREETINGS = {
  'a response before the request': (socket) => socket.write(OK),
  'a close at once': (socket) => socket.destroy(),
  'a reset at once': (socket) => socket.resetAndDestroy(),
  'an end at once': (socket) => socket.end(),
  'a greeting of another protocol': (socket) => socket.write('220 mail.example ESMTP\r\n'),
};

const kind = process.argv[2];
const server = createServer({ allowHalfOpen: kind !== 'half', noDelay: true }, (socket) => {
  socket.on('error', () => {});
  GREETINGS[kind]?.(socket);
  socket.on('data', () => {
    if (!socket.destroyed) ANSWERS[kind]?.(socket);
  });
});
if (!(kind in ANSWERS) && !(kind in GREETINGS)) throw new Error(`no kind "${kind}"`);
server.listen(Number(process.env.PORT), process.env.HOST);
process.on('SIGTERM', () => process.exit(0));
