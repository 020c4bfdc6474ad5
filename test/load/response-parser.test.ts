import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ResponseParser, ResponseSyntaxError } from '../../src/load/builtin/response-parser.ts';

/** A response in one line: `|` stands for the end of a line. */
const bytes = (text: string) => Buffer.from(text.replaceAll('|', '\r\n'), 'latin1');

/** What the parser made of the chunks, and of the end of the connection after them. */
function parsed(chunks: Buffer[]) {
  const parser = new ResponseParser();
  let extra = 0;
  for (const chunk of chunks) extra += parser.push(chunk);
  const complete = parser.complete;
  return {
    status: parser.head?.status,
    body: parser.bodyBytes,
    complete: complete ? 'at once' : parser.end() ? 'at the end' : 'never',
    keepAlive: parser.head?.keepAlive,
    extra,
  };
}

/** The response whole, byte by byte, and cut in two at every place. */
function cuts(response: Buffer): Buffer[][] {
  const twos = Array.from(response, (_, at) => [response.subarray(0, at), response.subarray(at)]);
  return [[response], [...response].map((byte) => Buffer.from([byte])), ...twos];
}

/** Whether the connection may be used again; `extra` counts bytes after the response. */
type Expected = [
  status: number,
  body: number,
  complete: 'at once' | 'at the end' | 'never',
  reuse: boolean,
  extra?: number,
];

describe('a response is read, wherever its bytes are cut:', () => {
  const chunked = 'HTTP/1.1 200 OK|Transfer-Encoding: chunked||';
  const table: [what: string, response: string, expected: Expected][] = [
    ['Content-Length', 'HTTP/1.1 200 OK|Content-Length: 5||hello', [200, 5, 'at once', true]],
    ['Content-Length 0', 'HTTP/1.1 200 OK|Content-Length: 0||', [200, 0, 'at once', true]],
    ['Content-Length, and a body cut short', 'HTTP/1.1 200 OK|Content-Length: 6||hello', [200, 5, 'never', true]],
    ['Content-Length in spaces', 'HTTP/1.1 200 OK|content-length:\t 5  ||hello', [200, 5, 'at once', true]],
    ['a body that looks like a head', 'HTTP/1.1 200 OK|Content-Length: 4||||', [200, 4, 'at once', true]],
    ['extra bytes', 'HTTP/1.1 200 OK|Content-Length: 5||helloHTTP', [200, 5, 'at once', true, 4]],
    ['chunks', `${chunked}5|hello|6| world|0||`, [200, 11, 'at once', true]],
    ['chunks, and extra bytes', `${chunked}5|hello|0||HTTP`, [200, 5, 'at once', true, 4]],
    ['no chunk but the last', `${chunked}0||`, [200, 0, 'at once', true]],
    ['chunk sizes in hex of either case', `${chunked}a|0123456789|A|0123456789|0||`, [200, 20, 'at once', true]],
    ['chunk sizes with zeros before', `${chunked}005|hello|000||`, [200, 5, 'at once', true]],
    ['chunk extensions', `${chunked}5;name=value;q="a b"|hello|0;last||`, [200, 5, 'at once', true]],
    ['a chunk extension after a space', `${chunked}5 ;name|hello|0||`, [200, 5, 'at once', true]],
    ['trailers', `${chunked}5|hello|0|Server-Timing: a|X-Sum: 1||`, [200, 5, 'at once', true]],
    ['chunks with line ends in them', `${chunked}4||||0||`, [200, 4, 'at once', true]],
    ['chunks cut short', `${chunked}5|hel`, [200, 3, 'never', true]],
    ['chunks without the last', `${chunked}5|hello|`, [200, 5, 'never', true]],
    ['trailers cut short', `${chunked}0|X-Sum: 1|`, [200, 0, 'never', true]],
    [
      'chunks win over Content-Length',
      'HTTP/1.1 200 OK|Content-Length: 3|Transfer-Encoding: chunked||5|hello|0||',
      [200, 5, 'at once', true],
    ],
    [
      'chunks after another coding',
      'HTTP/1.1 200 OK|Transfer-Encoding: gzip, Chunked||5|hello|0||',
      [200, 5, 'at once', true],
    ],
    [
      'a coding that is not chunks, until the end, whatever Content-Length says',
      'HTTP/1.1 200 OK|Transfer-Encoding: gzip|Content-Length: 2||hello',
      [200, 5, 'at the end', false],
    ],
    [
      'chunks that are not the last coding, until the end',
      'HTTP/1.1 200 OK|Transfer-Encoding: chunked, gzip||5|hello|0||',
      [200, 15, 'at the end', false],
    ],
    ['neither length nor chunks, until the end', 'HTTP/1.1 200 OK||hello', [200, 5, 'at the end', false]],
    ['no body until the end', 'HTTP/1.1 200 OK|Connection: keep-alive||', [200, 0, 'at the end', false]],
    ['no content', 'HTTP/1.1 204 No Content||', [204, 0, 'at once', true]],
    ['no content, whatever its length', 'HTTP/1.1 204 No Content|Content-Length: 5||', [204, 0, 'at once', true]],
    ['not modified', 'HTTP/1.1 304 Not Modified|Content-Length: 5||', [304, 0, 'at once', true]],
    [
      '100 Continue first',
      'HTTP/1.1 100 Continue||HTTP/1.1 201 Created|Content-Length: 2||ok',
      [201, 2, 'at once', true],
    ],
    [
      'several interim responses first',
      'HTTP/1.1 100 Continue||HTTP/1.1 103 Early Hints|Link: a||HTTP/1.1 204 No Content||',
      [204, 0, 'at once', true],
    ],
    ['a reason of no word', 'HTTP/1.1 200 |Content-Length: 0||', [200, 0, 'at once', true]],
    ['a reason of several words', 'HTTP/1.1 503 Service Unavailable|Content-Length: 0||', [503, 0, 'at once', true]],
    ['a reason in Latin-1', 'HTTP/1.1 200 Tr\xe8s bien|Content-Length: 2||\xff\x00', [200, 2, 'at once', true]],
    ['1.1 with Connection: close', 'HTTP/1.1 200 OK|Connection: close|Content-Length: 0||', [200, 0, 'at once', false]],
    ['of either case', 'HTTP/1.1 200 OK|CONNECTION: Close|Content-Length: 0||', [200, 0, 'at once', false]],
    [
      'close among other options',
      'HTTP/1.1 200 OK|Connection: upgrade, close|Content-Length: 0||',
      [200, 0, 'at once', false],
    ],
    [
      'close in one of two Connection fields',
      'HTTP/1.1 200 OK|Connection: close|Connection: upgrade|Content-Length: 0||',
      [200, 0, 'at once', false],
    ],
    ['1.0', 'HTTP/1.0 200 OK|Content-Length: 0||', [200, 0, 'at once', false]],
    ['1.0 that keeps alive', 'HTTP/1.0 200 OK|Connection: Keep-Alive|Content-Length: 0||', [200, 0, 'at once', true]],
    ['nothing', '', [0, 0, 'never', false]],
    ['part of a head', 'HTTP/1.1 200 OK|Content-Le', [0, 0, 'never', false]],
    ['only an interim response', 'HTTP/1.1 100 Continue||', [0, 0, 'never', false]],
  ];
  for (const [what, response, [status, body, complete, keepAlive, extra = 0]] of table) {
    test(what, () => {
      const head = status === 0 ? { status: undefined, keepAlive: undefined } : { status, keepAlive };
      for (const chunks of cuts(bytes(response))) {
        assert.deepEqual(parsed(chunks), { ...head, body, complete, extra }, chunks.map(String).join('¦'));
      }
    });
  }
});

describe('no response, wherever its bytes are cut:', () => {
  const chunked = 'HTTP/1.1 200 OK|Transfer-Encoding: chunked||';
  const table: [what: string, response: string, message: RegExp][] = [
    ['a request', 'GET / HTTP/1.1|Host: a||', /^no HTTP\/1\.1 status line: "GET \/ HTTP\/1\.1"$/],
    ['another protocol', 'SSH-2.0-OpenSSH||', /^no HTTP\/1\.1 status line/],
    ['another version', 'HTTP/2 200||', /^no HTTP\/1\.1 status line/],
    ['an empty first line', '|HTTP/1.1 200 OK||', /^no HTTP\/1\.1 status line: ""$/],
    ['a status of two digits', 'HTTP/1.1 20 OK||', /^no HTTP\/1\.1 status line/],
    ['a status of four digits', 'HTTP/1.1 2000 OK||', /^no HTTP\/1\.1 status line/],
    ['a length that is no number', 'HTTP/1.1 200 OK|Content-Length: five||', /^bad Content-Length: "five"$/],
    ['a negative length', 'HTTP/1.1 200 OK|Content-Length: -1||', /^bad Content-Length: "-1"$/],
    ['an empty length', 'HTTP/1.1 200 OK|Content-Length:||', /^bad Content-Length: ""$/],
    ['two lengths', 'HTTP/1.1 200 OK|Content-Length: 1|Content-Length: 2||ab', /^bad Content-Length/],
    ['no chunk size', `${chunked}|`, /^bad chunk size: ""$/],
    ['a chunk size that is no number', `${chunked}x|`, /^bad chunk size: "x"$/],
    ['a chunk size that ends in no number', `${chunked}5x|hello|0||`, /^bad chunk size: "5x"$/],
    ['a negative chunk size', `${chunked}-5|`, /^bad chunk size: "-5"$/],
    ['a chunk longer than its size', `${chunked}5|hello!|0||`, /^a chunk is longer than its size$/],
  ];
  for (const [what, response, message] of table) {
    test(what, () => {
      for (const chunks of cuts(bytes(response))) {
        assert.throws(() => parsed(chunks), { constructor: ResponseSyntaxError, message });
      }
    });
  }

  for (const [what, start] of Object.entries({
    head: 'HTTP/1.1 200 OK|X: ',
    'chunk line': `${chunked}5;`,
    trailer: `${chunked}0|`,
  })) {
    test(`a ${what} that never ends`, () => {
      const parser = new ResponseParser();
      parser.push(bytes(start));
      const endless = Buffer.alloc(1024, 'a');
      assert.throws(() => {
        for (let i = 0; i < 100; i++) parser.push(endless);
      }, ResponseSyntaxError);
    });
  }
});

test('a parser that was reset reads the next response, whatever became of the last', () => {
  const parser = new ResponseParser();
  for (const before of [
    'HTTP/1.1 200 OK|Content-Length: 5||hello',
    'HTTP/1.1 500 Oops|Content-Length: 9||hell',
    'HTT',
  ]) {
    parser.push(bytes(before));
    parser.reset();
    assert.deepEqual([parser.head, parser.bodyBytes, parser.complete], [undefined, 0, false]);
    parser.push(bytes('HTTP/1.1 201 Created|Content-Length: 2||ok'));
    assert.deepEqual([parser.head?.status, parser.bodyBytes, parser.complete], [201, 2, true]);
    parser.reset();
  }
});

test('field names are in lower case, and values have no spaces around them', () => {
  const parser = new ResponseParser();
  parser.push(bytes('HTTP/1.1 204 No Content|X-Pod-Name:  pod-1 |X-Empty:|x-colons: a:b||'));
  assert.deepEqual(Object.fromEntries(parser.head?.headers ?? []), {
    'x-pod-name': 'pod-1',
    'x-empty': '',
    'x-colons': 'a:b',
  });
});
