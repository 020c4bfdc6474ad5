/** A single check of a probe, or request of an httpGet hook, against a container on this machine. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { connect as startTls } from 'node:tls';
import type { HttpGet, Probe } from '../../kubernetes-rules/objects.ts';
import { discard } from '../../processes/output-lines.ts';
import { signalIfAlive, startProcess } from '../../processes/process-group.ts';
import { grpcServes } from './grpc-check.ts';

/** Resolves to whether the check succeeded; never rejects. The caller aborts the signal at the timeout. */
export type ProbeCheck = (signal: AbortSignal) => Promise<boolean>;

export interface Address {
  host: string;
  port: number;
}

/** Opens a connection to a port of a pod. Rejects with the error of the attempt; the caller destroys the socket. */
export type Dial = (port: number, signal: AbortSignal) => Promise<Socket>;

/** What a probe or a hook needs from its container. */
export interface ReachableContainer {
  /** The number of one of its ports; undefined for an unknown port name. */
  portOf(port: number | string): number | undefined;
  dial: Dial;
  /** Runs a command in the container. Resolves to its exit code; undefined if it was killed. */
  exec(command: readonly string[], signal: AbortSignal): Promise<number | undefined>;
}

/** The check that a probe specifies. It always fails if the container does not have the port. */
export function probeCheck(probe: Probe, container: ReachableContainer): ProbeCheck {
  const { httpGet, grpc, tcpSocket } = probe;
  const { dial } = container;
  const command = probe.exec?.command;
  if (command) return async (signal) => (await container.exec(command, signal)) === 0;
  if (grpc) return (signal) => grpcServes(grpc, dial, signal);
  const port = container.portOf(httpGet?.port ?? tcpSocket?.port ?? '');
  if (port === undefined) return async () => false;
  if (httpGet) {
    const request = { httpGet, port, userAgent: 'kube-probe/1.34' };
    return async (signal) => isHttpSuccess(await httpStatus(request, dial, signal));
  }
  return (signal) => canConnect(port, dial, signal);
}

/** Like the kubelet, counts 200 to 399 as success. */
function isHttpSuccess(answer: number | string): boolean {
  return typeof answer === 'number' && answer >= 200 && answer < 400;
}

/** A request of the kubelet. */
export interface KubeletRequest {
  httpGet: HttpGet;
  port: number;
  userAgent: string;
}

/** net/http in Go follows these for a GET request, at most so many times. */
const REDIRECTS = [301, 302, 303, 307, 308];
const MAX_REDIRECTS = 10;

/** The URL's host, in place of the pod's address. */
const HOST = '127.0.0.1';

/**
 * The status of a GET request on a new connection, or the error. Like the kubelet, does not verify certificates, and
 * follows redirects to the same host only (RedirectChecker in pkg/probe/http).
 */
export async function httpStatus(request: KubeletRequest, dial: Dial, signal: AbortSignal): Promise<number | string> {
  const { httpGet, port } = request;
  const path = httpGet.path.replace(/^(?!\/)/, '/'); // as Go writes a URL with a host
  const start = `${httpGet.scheme === 'HTTPS' ? 'https' : 'http'}://${HOST}:${port}`;
  let url = URL.parse(start + path);
  if (!url) return `invalid path "${httpGet.path}"`;
  for (let followed = 0; followed <= MAX_REDIRECTS; followed++) {
    const { answer, location } = await answerAt(url, request, dial, signal);
    const next: URL | null = location === undefined ? null : URL.parse(location, url);
    if (!REDIRECTS.includes(answer as number) || next?.hostname !== HOST) return answer;
    url = next;
  }
  return `stopped after ${MAX_REDIRECTS} redirects`;
}

interface HttpAnswer {
  /** The status, or the error. */
  answer: number | string;
  location?: string | undefined;
}

async function answerAt(url: URL, request: KubeletRequest, dial: Dial, signal: AbortSignal): Promise<HttpAnswer> {
  const secure = url.protocol === 'https:';
  let socket: Socket;
  try {
    socket = await dial(Number(url.port) || (secure ? 443 : 80), signal);
  } catch (error) {
    return { answer: errorText(error) };
  }
  try {
    return await answerOn(socket, url, request, signal);
  } finally {
    socket.destroy();
  }
}

function answerOn(
  socket: Socket,
  { protocol, port, pathname, search }: URL,
  { httpGet, userAgent }: KubeletRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const fail = (error: unknown) => resolve({ answer: errorText(error) });
    const headers = Object.fromEntries((httpGet.httpHeaders ?? []).map((h) => [h.name, h.value]));
    const secure = protocol === 'https:';
    const options = {
      host: HOST,
      port,
      path: pathname + search,
      signal,
      headers: { 'user-agent': userAgent, accept: '*/*', ...headers },
      createConnection: () => (secure ? startTls({ socket, rejectUnauthorized: false }) : socket),
    };
    let answered = false;
    const onResponse = (response: IncomingMessage) => {
      answered = true;
      const { statusCode: answer = 0, headers } = response;
      response.on('error', fail).on('end', () => resolve({ answer, location: headers.location }));
      response.resume();
      response.on('close', () => resolve({ answer: 'the response was cut' }));
    };
    try {
      const outgoing = (secure ? httpsRequest : httpRequest)(options, onResponse);
      outgoing.on('error', fail);
      // For example after a 101, which causes no error.
      outgoing.on('close', () => answered || resolve({ answer: 'no response' }));
      outgoing.end();
    } catch (error) {
      fail(error); // an invalid header
    }
  });
}

function errorText(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

async function canConnect(port: number, dial: Dial, signal: AbortSignal): Promise<boolean> {
  try {
    (await dial(port, signal)).destroy();
    return true;
  } catch {
    return false; // the kubelet counts every error as a failure
  }
}

/**
 * Runs a command with the container's environment. Resolves to its exit code; undefined if it was killed or did not
 * start.
 */
export async function runCommand(
  command: readonly string[],
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (signal.aborted) return undefined;
  const started = await startProcess(command, { env });
  void discard(started.stdout);
  void discard(started.stderr);
  const stop = () => signalIfAlive(-started.pid, 'SIGKILL');
  signal.addEventListener('abort', stop);
  const { code } = await started.exited;
  signal.removeEventListener('abort', stop);
  return code ?? undefined;
}
