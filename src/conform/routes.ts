/** Finds out with requests to one process which routes a server has and how they behave. */
import WebSocket from 'ws';
import { type Address, ask, describeReply, type Reply } from './http-probe.ts';
import { get, post, postHead } from './requests.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import { ANSWER_MS, orAfter, READ_MS } from './timing.ts';
import { Unusable } from './verdict.ts';

export interface Paths {
  /** A path with `MS` in it responds after that many milliseconds, any other path after a few seconds. */
  slow: string;
  upload: string;
  stream: string;
  events: string;
  ws: string;
  ready: string;
}

/** A route that responds slowly. */
export interface SlowRoute {
  path: string;
  /** How long it takes, in ms; undefined if its path contains the duration. */
  fixedMs: number | undefined;
}

/** The reason in an `Unusable` becomes the reason why a case that needs the route is not applicable. */
export interface Routes {
  keepAlive: true | Unusable;
  pipelining: true | Unusable;
  slow: SlowRoute | Unusable;
  upload: string | Unusable;
  stream: string | Unusable;
  events: string | Unusable;
  ws: string | Unusable;
  ready: string | Unusable;
}

/** A faster response does not count as slow. */
const SLOW_ENOUGH_MS = 1000;
const SLOW_TRIED_MS = 1500;
const SLOW_LIMIT_MS = 60_000;
/** How long to wait for a later request's response: a server that handles one request at a time never sends it. */
const LATER_ANSWER_MS = 2500;
/** How long a response that has arrived may take to be read by this program. */
const HEARD_MS = 100;

export async function findRoutes(server: ServerUnderTest, paths: Paths): Promise<Routes> {
  const [keepAlive, { slow, upload, pipelining }, stream, events, ws, ready] = await Promise.all([
    findKeepAlive(server),
    findWork(server, paths),
    findStream(server, paths.stream),
    findEvents(server, paths.events),
    findWebSocket(server, paths.ws),
    findReady(server, paths.ready),
  ]);
  return { keepAlive, pipelining, slow, upload, stream, events, ws, ready };
}

/** The requests that find each route, with their names, to be sent one by one. */
export function routeProbes(paths: Paths): { name: string; send(server: ServerUnderTest): Promise<unknown> }[] {
  const { slow, upload, stream, events, ws, ready } = paths;
  return [
    { name: `GET ${ready}`, send: (server) => findReady(server, ready) },
    { name: `GET ${slowPathFor(slow, SLOW_TRIED_MS)}`, send: (server) => findSlow(server, slow) },
    { name: `POST ${upload}`, send: (server) => findUpload(server, upload) },
    { name: `GET ${stream}`, send: (server) => findStream(server, stream) },
    { name: `GET ${events}, whose client had left`, send: (server) => findEvents(server, events) },
    { name: `WebSocket ${ws}, whose client had left`, send: (server) => findWebSocket(server, ws) },
  ];
}

async function findKeepAlive(server: ServerUnderTest): Promise<true | Unusable> {
  const connection = server.connect();
  const reply = await orAfter(ANSWER_MS, connection.ask(get('/')));
  connection.close();
  if (!reply?.complete) return new Unusable(`GET /: ${reply?.what ?? 'no response'}`);
  if (reply.keepAlive || reply.headers.get('connection')?.toLowerCase().includes('close')) return true;
  return new Unusable('it keeps no connection after a response (HTTP/1.0)');
}

/** Finds requests that can be kept in flight, and whether requests can be pipelined behind them. */
async function findWork(
  server: ServerUnderTest,
  paths: Paths,
): Promise<Pick<Routes, 'slow' | 'upload' | 'pipelining'>> {
  const [slow, upload] = await Promise.all([findSlow(server, paths.slow), findUpload(server, paths.upload)]);
  return { slow, upload, pipelining: await findPipelining(server, slow, upload) };
}

async function findPipelining(
  server: ServerUnderTest,
  slow: SlowRoute | Unusable,
  upload: string | Unusable,
): Promise<true | Unusable> {
  const connection = server.connect();
  const first = slow instanceof Unusable ? postOrGet(upload) : get(slowPathFor(slow.path, SLOW_TRIED_MS));
  connection.write(first + get('/').repeat(2));
  const endMs = performance.now() + SLOW_LIMIT_MS;
  let answered = 0;
  while (answered < 3) {
    const reply = await orAfter(answered === 0 ? endMs - performance.now() : ANSWER_MS / 4, connection.reply());
    if (!reply?.complete) break;
    answered++;
  }
  connection.close();
  return answered === 3 || new Unusable(`it answers ${answered} of 3 pipelined requests, without any signal`);
}

function postOrGet(upload: string | Unusable): string {
  return upload instanceof Unusable ? get('/') : post(upload, 10);
}

async function findSlow(server: ServerUnderTest, path: string): Promise<SlowRoute | Unusable> {
  const adjustable = path.includes('MS');
  const startMs = performance.now();
  const reply = await orAfter(SLOW_LIMIT_MS, ask(server.address, get(slowPathFor(path, SLOW_TRIED_MS))));
  const tookMs = performance.now() - startMs;
  const missing = missingRoute('--slow-path', path, reply);
  if (missing) return missing;
  if (tookMs < SLOW_ENOUGH_MS) {
    return new Unusable(`--slow-path ${path} answered after ${Math.round(tookMs)} ms, which is not slow`);
  }
  return { path, fixedMs: adjustable ? undefined : tookMs };
}

/** The path with the duration in it, if it takes one. */
export function slowPathFor(path: string, ms: number): string {
  return path.replace('MS', String(Math.round(ms)));
}

/** Finds a route that reads the request body before it responds: the one of --upload-path, or else `/`. */
async function findUpload(server: ServerUnderTest, path: string): Promise<string | Unusable> {
  const found = await tryUpload(server, path);
  if (!(found instanceof Unusable)) return found;
  const root = await tryUpload(server, '/');
  return root instanceof Unusable ? found : root;
}

async function tryUpload(server: ServerUnderTest, path: string): Promise<string | Unusable> {
  const connection = server.connect();
  connection.write(`${postHead(path, 10)}hello`);
  const answer = connection.reply();
  const early = await givenTime(server, answer);
  connection.write('world');
  const reply = early ?? (await orAfter(ANSWER_MS, answer));
  connection.close();
  const missing = missingRoute('--upload-path', path, reply);
  if (missing) return missing;
  return early ? new Unusable(`--upload-path ${path} answers before it has read the body`) : path;
}

/**
 * The response, or undefined if the server is waiting for something. Once the server has answered a later request, it
 * had enough time for this one, however busy the machine is.
 */
async function givenTime(server: ServerUnderTest, answer: Promise<Reply>): Promise<Reply | undefined> {
  const early = await orAfter(READ_MS, answer);
  if (early) return early;
  await orAfter(LATER_ANSWER_MS, ask(server.address, get('/')));
  return orAfter(HEARD_MS, answer);
}

async function findStream(server: ServerUnderTest, path: string): Promise<string | Unusable> {
  const connection = server.connect();
  const answer = connection.ask(get(path));
  await orAfter(ANSWER_MS, connection.bodyBegun());
  const begunMs = performance.now();
  const reply = await orAfter(SLOW_LIMIT_MS, answer);
  const tookMs = performance.now() - begunMs;
  connection.close();
  const missing = missingRoute('--stream-path', path, reply);
  if (missing) return missing;
  return tookMs >= SLOW_ENOUGH_MS
    ? path
    : new Unusable(`--stream-path ${path} was over after ${Math.round(tookMs)} ms, which is too short`);
}

async function findEvents(server: ServerUnderTest, path: string): Promise<string | Unusable> {
  const connection = server.connect();
  const answer = connection.ask(get(path, 'Accept: text/event-stream'));
  const head = await orAfter(ANSWER_MS / 4, connection.bodyBegun());
  const ended = await givenTime(server, answer);
  connection.close();
  if (ended?.complete && ended.status < 400) return new Unusable(`--events-path ${path} ends on its own`);
  if (ended)
    return missingRoute('--events-path', path, ended) ?? new Unusable(`--events-path ${path}: ${describeReply(ended)}`);
  return head ? path : new Unusable(`--events-path ${path} sent nothing`);
}

async function findWebSocket(server: ServerUnderTest, path: string): Promise<string | Unusable> {
  const socket = new WebSocket(webSocketUrl(server.address, path));
  const opened = new Promise<string | Unusable>((resolve) => {
    socket.once('open', () => resolve(path));
    socket.once('unexpected-response', (_request, { statusCode }) => {
      resolve(new Unusable(`--ws-path ${path} answers ${statusCode} to a WebSocket`));
    });
    socket.on('error', (error) => resolve(new Unusable(`--ws-path ${path}: ${error.message}`)));
  });
  const found = (await orAfter(ANSWER_MS, opened)) ?? new Unusable(`--ws-path ${path}: no answer`);
  socket.terminate();
  return found;
}

export function webSocketUrl({ host, port }: Address, path: string): string {
  return `ws://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
}

async function findReady(server: ServerUnderTest, path: string): Promise<string | Unusable> {
  const reply = await orAfter(ANSWER_MS, ask(server.address, get(path)));
  return missingRoute('--ready-path', path, reply) ?? path;
}

function missingRoute(flag: string, path: string, reply: Reply | undefined): Unusable | undefined {
  if (!reply) return new Unusable(`${flag} ${path}: no response`);
  if (!reply.complete) return new Unusable(`${flag} ${path}: ${reply.what}`);
  return reply.status < 400 ? undefined : new Unusable(`${flag} ${path} answers ${reply.status}`);
}
