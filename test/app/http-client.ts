/** HTTP requests that report what happened to their connection. */
import { type Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { within } from './within.ts';

const WAIT_MS = 8000;

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** Whether the response was complete. */
  complete: boolean;
}

export interface RequestOptions {
  port: number;
  path: string;
  method?: string;
  body?: string;
  /** Without an agent, a new connection is used and closed after the response. */
  agent?: Agent;
}

/** Sends a request. Resolves when the headers of its response have arrived. */
export function open({ port, path, method = 'GET', body, agent }: RequestOptions): Promise<IncomingMessage> {
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, agent: agent ?? false }, resolve);
    request.on('error', reject);
    request.end(body);
  });
  return within(WAIT_MS, `response to ${method} ${path}`, response);
}

/** Reads a response until it ends, complete or not. */
export async function read(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = [];
  const closed = new Promise<void>((resolve) => {
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', () => {}); // `complete` shows it
    response.on('close', resolve);
  });
  await within(WAIT_MS, 'end of the response', closed);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString(),
    complete: response.complete,
  };
}

export async function send(options: RequestOptions): Promise<Reply> {
  return read(await open(options));
}

/** Tries to open a TCP connection. Resolves with "connected" or the name of the error. */
export function tryConnect(port: number): Promise<string> {
  const attempt = new Promise<string>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve('connected');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  return within(WAIT_MS, 'outcome of a connection attempt', attempt);
}
