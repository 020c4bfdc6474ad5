/**
 * The check of a grpc probe: one call of grpc.health.v1.Health/Check over cleartext HTTP/2, which succeeds only if the
 * answer is SERVING. Source: pkg/probe/grpc in the kubelet. The messages have a single field each, so nothing more than
 * HTTP/2 is needed.
 */
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import type { Probe } from '../../kubernetes-rules/objects.ts';
import type { Dial } from './probe-check.ts';

/** HealthCheckResponse.ServingStatus.SERVING */
const SERVING = 1;
/** A message begins with a flag for compression and its length in four bytes. */
const PREFIX_BYTES = 5;
/** More than any HealthCheckResponse has. */
const MAX_ANSWER_BYTES = 4096;

/** Resolves to whether the server answers that the service is SERVING; never rejects. */
export async function grpcServes(
  { port, service = '' }: NonNullable<Probe['grpc']>,
  dial: Dial,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const socket = await dial(port, signal);
    const session = connect(`http://127.0.0.1:${port}`, { createConnection: () => socket });
    const destroy = () => session.destroy();
    signal.addEventListener('abort', destroy);
    try {
      const { status, message } = await call(session, requestMessage(service));
      return status === '0' && servingStatus(message) === SERVING;
    } finally {
      signal.removeEventListener('abort', destroy);
      session.destroy();
      socket.destroy();
    }
  } catch {
    return false; // the kubelet counts every error as a failure
  }
}

function call(session: ClientHttp2Session, message: Buffer): Promise<{ status: string; message: Buffer }> {
  return new Promise((resolve, reject) => {
    session.on('error', reject).on('close', () => reject(new Error('closed')));
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      'user-agent': 'kube-probe/1.34',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let status = '';
    // A server that answers with an error only sends the status with the headers.
    const note = (headers: IncomingHttpHeaders) => {
      status = String(headers['grpc-status'] ?? status);
    };
    stream.on('response', note).on('trailers', note).on('error', reject);
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) stream.destroy(new Error('the answer is too long'));
    });
    stream.on('end', () => resolve({ status, message: Buffer.concat(chunks) }));
    stream.end(message);
  });
}

/** HealthCheckRequest { string service = 1 } */
export function requestMessage(service: string): Buffer {
  const name = Buffer.from(service);
  const body = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(body.length, 1);
  return Buffer.concat([prefix, body]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** HealthCheckResponse { ServingStatus status = 1 }; 0 (UNKNOWN) if the message does not have it. */
export function servingStatus(message: Buffer): number {
  const body = message.subarray(PREFIX_BYTES);
  return body[0] === 0x08 ? (body[1] ?? 0) : 0;
}
