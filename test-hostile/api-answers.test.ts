/** API servers that do not respond, or respond as no API server does: one line, exit code 4, in time. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ANSWERS } from './api-answers.ts';
import { type Answer, allows, httpServer, json, kubeconfig, rawServer, TOKEN } from './api-servers.ts';
import { held } from './program.ts';

const CHECK = ['check', '--on', 'kubernetes'];
const RUN = ['run', '--on', 'kubernetes', '--deployment', 'web', '--url', 'http://127.0.0.1:9', '--yes'];
const COMPARE = ['compare', '--on', 'kubernetes'];

const BOMB = gzipSync(Buffer.alloc(300_000_000));
const HEADERS = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';

/** Resolves once the server has received a request. */
const asked = (answer: (socket: Socket) => void) => (socket: Socket) => void socket.once('data', () => answer(socket));

function every(socket: Socket, ms: number, text: string | Buffer): void {
  const timer = setInterval(() => socket.write(text), ms);
  socket.on('close', () => clearInterval(timer));
}

/** Writes as fast as the program reads. */
function endlessly(socket: Socket, chunk: string | Buffer): void {
  const more = () => {
    while (socket.writable && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

function chunked(text: string | Buffer): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')]);
}

const CONNECTIONS: Record<string, (socket: Socket) => void> = {
  'accepts and is silent': () => {},
  'closes at once': (socket) => socket.destroy(),
  'closes when asked': asked((socket) => socket.end()),
  'half of the status line': asked((socket) => socket.write('HTTP/1.1 20')),
  'half of the headers': asked((socket) => socket.write(HEADERS)),
  'drips headers': asked((socket) => {
    socket.write(HEADERS);
    every(socket, 1000, 'x: y\r\n');
  }),
  'headers, then silence': asked((socket) => socket.write(`${HEADERS}content-length: 100\r\n\r\n`)),
  'drips its body': asked((socket) => {
    socket.write(`${HEADERS}content-length: 100000\r\n\r\n{`);
    every(socket, 1000, ' ');
  }),
  'cuts its body': asked((socket) => socket.end(`${HEADERS}content-length: 100\r\n\r\n{"kind":`)),
  'a body that never ends': asked((socket) => {
    socket.write(`${HEADERS}transfer-encoding: chunked\r\n\r\n`);
    endlessly(socket, chunked(' '.repeat(65_536)));
  }),
  'a list that never ends': asked((socket) => {
    socket.write(`${HEADERS}transfer-encoding: chunked\r\n\r\n${chunked('{"items":[').toString()}`);
    endlessly(socket, chunked('{"metadata":{"name":"a"}},'.repeat(2500)));
  }),
  'headers that never end': asked((socket) => {
    socket.write(HEADERS);
    endlessly(socket, `x: ${'y'.repeat(1000)}\r\n`);
  }),
  'early hints for ever': asked((socket) => every(socket, 20, 'HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n')),
  'another protocol': asked((socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  ),
  'noise before HTTP': (socket) => void socket.write('SSH-2.0-OpenSSH_9.6\r\n'),
  'HTTP/0.9': asked((socket) => socket.end('<html>hello</html>')),
  'random bytes': asked((socket) => socket.write(Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 97) % 256)))),
  'a bomb': asked((socket) => {
    socket.write(`${HEADERS}content-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n`);
    socket.end(Buffer.concat([chunked(BOMB), Buffer.from('0\r\n\r\n')]));
  }),
  'zipped noise': asked((socket) => socket.end(`${HEADERS}content-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello`)),
};

/** One of each kind; test/kubernetes/answers.test.ts has the others. */
const CHOSEN = [
  'a login page',
  'a redirect in a circle',
  'a redirect elsewhere',
  'too many requests for ever',
  'the token in its refusal',
  'a refusal of many lines',
  'a refusal without end',
  'null',
  'items without a spec',
  'containers that are a text',
  'pages without end',
  'nested without end',
];

let page = 0;
const FULL_PAGES: Answer = (_, response, url) => {
  const items = Array.from({ length: 250 }, (_, i) => ({ metadata: { name: `a${i}` }, spec: [[], {}, [{}], {}] }));
  if (!allows(response, url)) json(response, { metadata: { continue: `p${page++}` }, items });
};

async function fails(t: TestContext, args: readonly string[], server: string): Promise<void> {
  const { stderr, stdout } = await held(t, args, { codes: [4], env: kubeconfig(t, { server }) });
  assert.match(stderr, /^k8s-rollout-test: \S/);
  assert.ok(!`${stdout}${stderr}`.includes(TOKEN), stderr);
}

describe('connections to something other than an API server', { concurrency: 5 }, () => {
  for (const [name, behave] of Object.entries(CONNECTIONS)) {
    it(`check: ${name}`, async (t) => fails(t, CHECK, await rawServer(t, behave)));
  }
  const silent = CONNECTIONS['accepts and is silent'] as (socket: Socket) => void;
  it('run: accepts and is silent', async (t) => fails(t, RUN, await rawServer(t, silent)));
  it('compare: accepts and is silent', async (t) => fails(t, COMPARE, await rawServer(t, silent)));
  it('check: HTTPS that is silent', async (t) =>
    fails(t, CHECK, (await rawServer(t, () => {})).replace('http:', 'https:')));
  it('check: HTTPS that is HTTP', async (t) =>
    fails(t, CHECK, (await httpServer(t, ANSWERS.null as Answer)).replace('http:', 'https:')));
});

describe('responses of something other than an API server', { concurrency: 2 }, () => {
  for (const [name, answer] of [
    ...CHOSEN.map((name) => [name, ANSWERS[name] as Answer] as const),
    ['full pages without end', FULL_PAGES] as const,
  ]) {
    it(`check: ${name}`, async (t) => fails(t, CHECK, await httpServer(t, answer)));
  }
});
