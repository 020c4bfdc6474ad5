/**
 * Detects which protocol a server speaks, with one request on one connection. Every load here is HTTP/1.1, so a server
 * that speaks only HTTP/2 or only TLS must be recognised before the load starts.
 */

import { connect as connectHttp2 } from 'node:http2';
import { connect, isIPv6 } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { printable } from '../../printable.ts';
import { after } from '../../timers.ts';

export type Protocol =
  | { protocol: 'http1'; status: number }
  | { protocol: 'http2' }
  | { protocol: 'tls' }
  /** The answer is none of these, for example "-ERR unknown command". */
  | { protocol: 'other'; answer: string }
  /** No answer; `what` says what happened instead, for example "the connection was closed without a response". */
  | { protocol: 'unknown'; what: string };

interface Address {
  host: string;
  port: number;
}

/** How long each connection may take. */
const LIMIT_MS = 2000;

/**
 * The statuses with which servers refuse HTTP/1.1 itself. "An HTTP/1.x request was sent to an HTTP/2 only endpoint" and
 * "The plain HTTP request was sent to HTTPS port" both have status 400.
 */
const REFUSES_PROTOCOL = [400, 426, 505];

/** Sends `GET path` in HTTP/1.1 and checks the first bytes of the answer. Never rejects. */
export async function recogniseProtocol(address: Address, path: string, limitMs = LIMIT_MS): Promise<Protocol> {
  const answer = await firstAnswer(address, path, limitMs);
  if (answer.protocol === 'http2' || answer.protocol === 'tls' || answer.protocol === 'other') return answer;
  if (answer.protocol === 'http1' && !REFUSES_PROTOCOL.includes(answer.status)) return answer;
  if (await completesTlsHandshake(address, limitMs)) return { protocol: 'tls' };
  if (answer.protocol === 'http1') {
    const status = await statusInHttp2(address, path, limitMs);
    return status === undefined || REFUSES_PROTOCOL.includes(status) ? answer : { protocol: 'http2' };
  }
  // A silent server may only be slow, and a slow server may speak both.
  if (answer.closed && (await speaksHttp2(address, limitMs))) return { protocol: 'http2' };
  return { protocol: 'unknown', what: answer.what };
}

/** What the user can do about a server that this program cannot measure; undefined if it can. */
export function protocolAdvice(found: Protocol): string | undefined {
  if (found.protocol === 'http2') {
    return (
      'it speaks HTTP/2 only, as gRPC servers do, and this program sends HTTP/1.1: ' +
      'if it has an HTTP/1.1 port as well, for health checks or metrics, name that with --port'
    );
  }
  if (found.protocol === 'tls') {
    return (
      'it speaks TLS only, and this program sends plain HTTP/1.1: ' +
      'start it without TLS, as behind an ingress that ends TLS, or name its plain HTTP port with --port'
    );
  }
  if (found.protocol === 'other') {
    // JSON does not escape the control characters above 0x7e.
    const answer = printable(JSON.stringify(found.answer));
    return `it does not speak HTTP (it answered a GET with ${answer}): name its HTTP port with --port`;
  }
  return undefined;
}

type FirstAnswer =
  | Exclude<Protocol, { protocol: 'unknown' }>
  /** `closed`: the server ended the connection. */
  | { protocol: 'unknown'; what: string; closed: boolean };

/**
 * The protocol, judged by the first bytes a server sends; undefined while there are too few to decide.
 * Frame types of HTTP/2: RFC 9113, section 6. Record types of TLS: RFC 8446, section 5.1.
 */
export function protocolOfBytes(bytes: Buffer): FirstAnswer | undefined {
  const text = bytes.toString('latin1');
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
  if (status !== undefined) return { protocol: 'http1', status: Number(status) };
  if (bytes.length >= 9 && isFirstHttp2Frame(bytes)) return { protocol: 'http2' };
  const [type, major] = bytes;
  if (bytes.length >= 3 && (type === TLS_ALERT || type === TLS_HANDSHAKE) && major === 3) return { protocol: 'tls' };
  if (bytes.length < LONGEST_PROOF) return undefined;
  return { protocol: 'other', answer: text.slice(0, ANSWER_SHOWN) };
}

const ANSWER_SHOWN = 40;

/** "HTTP/1.1 200" */
const LONGEST_PROOF = 12;
const TLS_ALERT = 0x15;
const TLS_HANDSHAKE = 0x16;
const SETTINGS = 0x04;
const GOAWAY = 0x07;
const SETTING_BYTES = 6;

function isFirstHttp2Frame(bytes: Buffer): boolean {
  const length = bytes.readUIntBE(0, 3);
  const type = bytes[3];
  const stream = bytes.readUInt32BE(5);
  return stream === 0 && ((type === SETTINGS && length % SETTING_BYTES === 0) || (type === GOAWAY && length >= 8));
}

function firstAnswer({ host, port }: Address, path: string, limitMs: number): Promise<FirstAnswer> {
  const socket = connect({ host, port });
  let bytes = Buffer.alloc(0);
  return new Promise<FirstAnswer>((resolve) => {
    const unknown = (what: string, closed: boolean) => {
      if ('HTTP/1.'.startsWith(bytes.toString('latin1', 0, 7))) resolve({ protocol: 'unknown', what, closed });
      else resolve({ protocol: 'other', answer: bytes.toString('latin1') });
    };
    const timer = after(limitMs, () => unknown(`no response within ${limitMs / 1000} s`, false));
    socket.on('connect', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`));
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const found = protocolOfBytes(bytes);
      if (found) resolve(found);
    });
    socket.on('end', () => unknown('the connection was closed without a response', true));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED') unknown('the connection was refused', false);
      else unknown('the connection was reset without a response', true);
    });
    socket.on('close', () => timer.cancel());
  }).finally(() => socket.destroy());
}

/** An alert in answer to a handshake is TLS too, for example from a server that requires a client certificate. */
const TLS_ANSWER = /^ERR_SSL_(.*_ALERT_|TLSV1|TLSV13|UNSUPPORTED_PROTOCOL)/;

function completesTlsHandshake({ host, port }: Address, limitMs: number): Promise<boolean> {
  const socket = connectTls({ host, port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1', 'h2'] });
  return new Promise<boolean>((resolve) => {
    socket.setTimeout(limitMs, () => resolve(false));
    socket.on('secureConnect', () => resolve(true));
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(TLS_ANSWER.test(code)));
    socket.on('close', () => resolve(false));
  }).finally(() => socket.destroy());
}

/** Whether the server answers the HTTP/2 preface, sent with prior knowledge, with a SETTINGS frame. */
function speaksHttp2(address: Address, limitMs: number): Promise<boolean> {
  return inHttp2(address, limitMs, false, (session, resolve) => session.on('remoteSettings', () => resolve(true)));
}

/** The status of `GET path` in HTTP/2 with prior knowledge; undefined without a response. */
function statusInHttp2(address: Address, path: string, limitMs: number): Promise<number | undefined> {
  return inHttp2<number | undefined>(address, limitMs, undefined, (session, resolve) => {
    const request = session.request({ ':path': path });
    request.on('response', (headers) => resolve(headers[':status']));
    request.on('error', () => resolve(undefined));
  });
}

type Http2Session = ReturnType<typeof connectHttp2>;

function inHttp2<T>(
  { host, port }: Address,
  limitMs: number,
  otherwise: T,
  use: (session: Http2Session, resolve: (value: T) => void) => void,
): Promise<T> {
  const session = connectHttp2(`http://${isIPv6(host) ? `[${host}]` : host}:${port}`);
  return new Promise<T>((resolve) => {
    session.setTimeout(limitMs, () => resolve(otherwise));
    session.on('error', () => resolve(otherwise));
    session.on('close', () => resolve(otherwise));
    use(session, resolve);
  }).finally(() => session.destroy());
}
