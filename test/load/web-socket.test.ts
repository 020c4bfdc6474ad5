import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EventStreamReader } from '../../src/load/builtin/event-stream-reader.ts';
import { ResponseSyntaxError } from '../../src/load/builtin/response-parser.ts';
import { closeFrame, FrameReader, pongFrame } from '../../src/load/builtin/web-socket-frames.ts';
import { acceptOf, newWebSocketKey, WebSocketReader } from '../../src/load/builtin/web-socket-reader.ts';

/** 'ab cd' as bytes. */
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** What happened, in order, and how many bytes were left over. */
function read(chunks: readonly Buffer[]): string {
  const seen: string[] = [];
  const reader = new FrameReader({
    onPing: (payload) => seen.push(`ping "${payload}"`),
    onClose: (code) => seen.push(`close ${code}`),
  });
  let extra = 0;
  for (const chunk of chunks) extra += chunk.length - reader.push(chunk, 0, chunk.length);
  return [...seen, ...(extra > 0 ? [`${extra} more`] : [])].join(', ');
}

/** The bytes whole, one by one, and cut in two at every place. */
function cuts(bytes: Buffer): Buffer[][] {
  const twos = Array.from(bytes, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]);
  return [[bytes], [...bytes].map((byte) => Buffer.from([byte])), ...twos];
}

describe('frames of a server are read, wherever their bytes are cut:', () => {
  const table: [what: string, bytes: string, seen: string][] = [
    ['a text', '81 02 68 69', ''],
    ['an empty text', '81 00', ''],
    ['a ping', '89 02 68 69', 'ping "hi"'],
    ['an empty ping', '89 00', 'ping ""'],
    ['a pong that nobody asked for', '8a 02 68 69', ''],
    ['a close frame', '88 02 03 e9', 'close 1001'],
    ['a close frame with a reason', '88 04 03 f4 68 69', 'close 1012'],
    ['a close frame without a code', '88 00', 'close 1005'],
    ['bytes after the close frame', '88 02 03 e8 81 00', 'close 1000, 2 more'],
    ['a length in two bytes', `82 7e 01 00 ${'00'.repeat(256)} 89 00`, 'ping ""'],
    ['a length in eight bytes', `82 7f 00 00 00 00 00 00 00 03 00 00 00 89 00`, 'ping ""'],
    ['a message in pieces, with a ping in between', '01 01 68 89 00 00 01 69 80 01 21 89 01 31', 'ping "", ping "1"'],
  ];
  for (const [what, bytes, seen] of table) {
    test(what, () => {
      for (const chunks of cuts(hex(bytes))) assert.equal(read(chunks), seen);
    });
  }
});

describe('frames that a server may not send end the session:', () => {
  const table: [what: string, bytes: string, error: RegExp][] = [
    ['a masked frame', '81 82 00 00 00 00 68 69', /masked/],
    ['a frame of an extension', 'c1 00', /extension/],
    ['an unknown opcode', '83 00', /opcode 3/],
    ['an unknown control opcode', '8b 00', /opcode 11/],
    ['a fragmented ping', '09 00', /fragmented/],
    ['a ping that is too long', '89 7e 01 00', /too long/],
    ['a continuation without a beginning', '80 00', /without a beginning/],
    ['a text within a message', '01 00 81 00', /within another one/],
    ['half a close code', '88 01 03', /half a code/],
    ['a frame of 2^63 bytes', '82 7f 80 00 00 00 00 00 00 00', /9223372036854775808 bytes/],
  ];
  for (const [what, bytes, message] of table) {
    test(what, () => {
      for (const chunks of cuts(hex(bytes))) {
        assert.throws(
          () => read(chunks),
          (error) => error instanceof ResponseSyntaxError && message.test(error.message),
        );
      }
    });
  }
});

describe('frames of the client are masked:', () => {
  const mask = hex('01 02 03 04');
  test('a pong', () =>
    assert.deepEqual(pongFrame(Buffer.from('hello'), mask), hex('8a 85 01 02 03 04 69 67 6f 68 6e')));
  test('a close frame', () => assert.deepEqual(closeFrame(1001, mask), hex('88 82 01 02 03 04 02 eb')));
  test('a close frame without a code', () => assert.deepEqual(closeFrame(1005, mask), hex('88 80 01 02 03 04')));
});

// The example of RFC 6455, section 1.3.
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const SWITCH = `HTTP/1.1 101 Any\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`;

test('the key is random, and the answer to it is that of the specification', () => {
  assert.equal(acceptOf(KEY), ACCEPT);
  assert.match(newWebSocketKey(), /^[A-Za-z0-9+/]{22}==$/);
  assert.notEqual(newWebSocketKey(), newWebSocketKey());
});

/** What a client of a WebSocket sees: "open", what it writes, how it ends. */
function webSocket(chunks: readonly Buffer[]): string {
  const seen: string[] = [];
  const reader = new WebSocketReader(KEY, {
    onOpen: () => seen.push('open'),
    write: (frame) => seen.push(`sends ${(frame[0] as number).toString(16)}`),
  });
  try {
    for (const chunk of chunks) if (!reader.complete) reader.push(chunk, chunk.length);
  } catch (error) {
    return [...seen, (error as Error).message].join(', ');
  }
  const { closeCode, head } = reader;
  return [...seen, closeCode ?? (reader.complete || reader.end() ? `status ${head?.status}` : 'cut')].join(', ');
}

describe('a WebSocket, wherever its bytes are cut:', () => {
  const close = hex('88 02 03 e9');
  const table: [what: string, bytes: Buffer, seen: string][] = [
    ['is open and cut', Buffer.from(SWITCH), 'open, cut'],
    ['is closed in order', Buffer.concat([Buffer.from(SWITCH), close]), 'open, sends 88, 1001'],
    ['is pinged', Buffer.concat([Buffer.from(SWITCH), hex('89 00'), close]), 'open, sends 8a, sends 88, 1001'],
    ['is refused', Buffer.from('HTTP/1.1 426 Any\r\nContent-Length: 2\r\n\r\nno'), 'status 426'],
    ['is answered with a page', Buffer.from('HTTP/1.1 200 OK\r\n\r\nhello'), 'status 200'],
    ['is cut within the handshake', Buffer.from(SWITCH.slice(0, 40)), 'cut'],
    [
      'is accepted with the wrong proof',
      Buffer.from(SWITCH.replace(ACCEPT, 'x')),
      'Sec-WebSocket-Accept does not match Sec-WebSocket-Key',
    ],
    [
      'is switched to another protocol',
      Buffer.from(SWITCH.replace('websocket', 'h2c')),
      'the response 101 does not upgrade to a WebSocket',
    ],
  ];
  for (const [what, bytes, seen] of table) {
    test(what, () => {
      for (const chunks of cuts(bytes)) assert.equal(webSocket(chunks), seen);
    });
  }
});

describe('an event stream, wherever its bytes are cut:', () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const table: [what: string, bytes: string, seen: string][] = [
    ['is open and cut', `${head}2\r\nhi\r\n`, 'open, cut'],
    ['ends with its last chunk', `${head}2\r\nhi\r\n0\r\n\r\n`, 'open, complete'],
    ['ends with its length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi', 'open, complete'],
    ['has no framing, so that its end looks like a cut', 'HTTP/1.1 200 OK\r\n\r\nhi', 'open, cut'],
    ['is refused', 'HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno', 'complete'],
    ['is refused without framing', 'HTTP/1.1 503 No\r\n\r\nno', 'complete'],
    ['is cut within the head', 'HTTP/1.1 200', 'cut'],
  ];
  for (const [what, bytes, expected] of table) {
    test(what, () => {
      for (const chunks of cuts(Buffer.from(bytes))) {
        const seen: string[] = [];
        const reader = new EventStreamReader(() => seen.push('open'));
        for (const chunk of chunks) reader.push(chunk, chunk.length);
        assert.equal([...seen, reader.complete || reader.end() ? 'complete' : 'cut'].join(', '), expected);
      }
    });
  }
});
