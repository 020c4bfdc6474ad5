/**
 * The only path to the API server: every request goes through here, with the current login, and with limits on time and
 * size. Redirects are not followed, because they would carry the login elsewhere.
 */
import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import {
  type Configuration,
  createConfiguration,
  type KubeConfig,
  type RequestContext,
  ResponseContext,
  ServerConfiguration,
  wrapHttpLibrary,
} from '@kubernetes/client-node';
import { after, every } from '../../timers.ts';
import { type Answer, AnswerError, answerOf } from './answer.ts';
import type { Credentials } from './credentials.ts';

export interface Limits {
  /** Until the response's headers have arrived, in ms, including DNS and TLS. */
  beginMs: number;
  /** Until its last byte has arrived, in ms. */
  totalMs: number;
  /** The largest body, decompressed. */
  bytes: number;
}

const MB = 2 ** 20;
/** A list of thousands of objects has tens of MB. */
const READING: Limits = { beginMs: 8000, totalMs: 15_000, bytes: 64 * MB };
/**
 * For access reviews, which are POST requests that change nothing, and for the cleanup after a trial, which the user
 * waits for.
 */
const ASKING: Limits = { beginMs: 8000, totalMs: 15_000, bytes: 4 * MB };
/** By default an admission webhook may take 10 s, and a change whose request was given up may still happen. */
const CHANGING: Limits = { beginMs: 30_000, totalMs: 40_000, bytes: 4 * MB };
/** A body that arrives more slowly than this counts as failed. */
const SLOWEST = { bytes: 4096, inMs: 5000 };
/** How much of an error response is read. */
const REFUSAL_BYTES = MB;
/** TCP keep-alive, so that the operating system notices a connection that died silently. */
const KEEP_ALIVE_AFTER_MS = 30_000;

export class Transport {
  /** For the client library's API classes. */
  readonly configuration: Configuration;
  readonly #config: KubeConfig;
  readonly #credentials: Credentials;
  readonly #server: string;

  constructor(config: KubeConfig, credentials: Credentials) {
    this.#config = config;
    this.#credentials = credentials;
    this.#server = config.getCurrentCluster()?.server ?? '';
    this.configuration = createConfiguration({
      baseServer: new ServerConfiguration(this.#server, {}),
      httpApi: wrapHttpLibrary({ send: (context) => this.#send(context) }),
      authMethods: {
        default: {
          getName: () => 'kubeconfig',
          applySecurityAuthentication: (context) => credentials.give(() => config.applySecurityAuthentication(context)),
        },
      },
    });
  }

  /**
   * A GET request whose response is streamed: a watch, a followed log, a pod through the API server's proxy. The body
   * has no limits except those of the caller. Rejects with code ETIMEDOUT if no response has begun in time.
   */
  async open(
    path: string,
    query: Record<string, string>,
    signal: AbortSignal,
    beginMs: number,
  ): Promise<IncomingMessage> {
    const options: RequestOptions = { signal, method: 'GET' };
    const response = await begin(this.#url(path, query), await this.#withLogin(options), undefined, beginMs);
    if (response.statusCode === 401) this.#credentials.refused();
    response.socket?.setKeepAlive(true, KEEP_ALIVE_AFTER_MS);
    return response;
  }

  /** A GET request for JSON. @param bytes the maximum size of the body */
  async read(
    path: string,
    query: Record<string, string>,
    bytes: number,
  ): Promise<Answer & { status: number; bytes: number }> {
    const options = await this.#withLogin({ method: 'GET', headers: { accept: 'application/json' } });
    return this.#request(this.#url(path, query), options, undefined, { ...READING, bytes });
  }

  #url(path: string, query: Record<string, string>): URL {
    const url = new URL(`${this.#server}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url;
  }

  async #withLogin(options: RequestOptions): Promise<RequestOptions> {
    await this.#credentials.give(() => this.#config.applyToHTTPSOptions(options));
    return options;
  }

  async #send(context: RequestContext): Promise<ResponseContext> {
    const method = context.getHttpMethod();
    const limits = limitsOf(method, context.getUrl());
    const options = { method, headers: context.getHeaders(), agent: context.getAgent() as Agent };
    const body = context.getBody() as string | undefined;
    const { status, text, headers } = await this.#request(new URL(context.getUrl()), options, body, limits);
    return new ResponseContext(status, headers, {
      text: () => Promise.resolve(text),
      binary: () => Promise.resolve(Buffer.from(text)),
    });
  }

  async #request(url: URL, options: RequestOptions, body: string | undefined, limits: Limits) {
    const endMs = performance.now() + limits.totalMs;
    options.headers = { ...(options.headers as object), 'accept-encoding': 'gzip' };
    const response = await begin(url, options, body, limits.beginMs);
    const status = response.statusCode ?? 0;
    if (status === 401) this.#credentials.refused();
    const isRefusal = status < 200 || status > 299;
    const bytes = await readAll(response, isRefusal ? REFUSAL_BYTES : limits.bytes, endMs, limits.totalMs);
    const headers = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : (value ?? ''),
      ]),
    );
    return { status, headers, bytes: bytes.length, ...answerOf(status, headers, bytes) };
  }
}

function limitsOf(method: string, url: string): Limits {
  if (method === 'GET') return READING;
  return method === 'DELETE' || url.endsWith('accessreviews') ? ASKING : CHANGING;
}

/** Sends a request. Resolves when the response has begun. */
function begin(url: URL, options: RequestOptions, body: string | undefined, limitMs: number): Promise<IncomingMessage> {
  const start = url.protocol === 'http:' ? httpRequest : httpsRequest;
  return new Promise((resolve, reject) => {
    const outgoing = start(url, options);
    const timer = after(limitMs, () => outgoing.destroy(late(limitMs)));
    outgoing.on('response', (response) => {
      timer.cancel();
      resolve(response);
    });
    outgoing.on('error', (error) => {
      timer.cancel();
      reject(error);
    });
    // Also covers responses without a 'response' event, such as a protocol upgrade.
    outgoing.on('close', () => {
      timer.cancel();
      reject(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
    });
    outgoing.end(body);
  });
}

/** The body of a streamed response that should have only a few KB. */
export function readShort(response: IncomingMessage): Promise<Buffer> {
  const { totalMs, bytes } = ASKING;
  return readAll(response, bytes, performance.now() + totalMs, totalMs);
}

async function readAll(response: IncomingMessage, limit: number, endMs: number, totalMs: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let before = 0;
  const end = after(endMs - performance.now(), () => response.destroy(late(totalMs)));
  const pace = every(SLOWEST.inMs, () => {
    if (bytes - before < SLOWEST.bytes) response.destroy(late(SLOWEST.inMs));
    before = bytes;
  });
  try {
    for await (const chunk of unzipped(response)) {
      bytes += (chunk as Buffer).length;
      if (bytes > limit) throw new AnswerError(`with more than ${limit / MB} MB`);
      chunks.push(chunk as Buffer);
    }
  } finally {
    end.cancel();
    pace.cancel();
    response.destroy();
  }
  return Buffer.concat(chunks);
}

function unzipped(response: IncomingMessage): Readable {
  if (response.headers['content-encoding'] !== 'gzip') return response;
  const gunzip = createGunzip();
  response.on('error', (error) => gunzip.destroy(error));
  return response.pipe(gunzip);
}

function late(limitMs: number): Error {
  return Object.assign(new Error(`no answer within ${limitMs / 1000} s`), { code: 'ETIMEDOUT' });
}
