/** What a probe or an httpGet hook does once, against a container on this machine. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { HttpGet, Probe } from '../../kubernetes-rules/objects.ts';
import { discard } from '../../processes/output-lines.ts';
import { signalIfAlive, startProcess } from '../../processes/process-group.ts';

/** Resolves with whether the check succeeded; never rejects. The signal carries the timeout. */
export type ProbeCheck = (signal: AbortSignal) => Promise<boolean>;

export interface Address {
  host: string;
  port: number;
}

/** What a probe needs of its container. */
export interface ProbedContainer {
  /** Where a port of it is reached; undefined for a name that it does not have. */
  addressOf(port: number | string): Address | undefined;
  /** Runs a command in it; its exit code, undefined when it was stopped. */
  exec(command: readonly string[], signal: AbortSignal): Promise<number | undefined>;
}

/** The check a probe asks for. One that asks for a port that the container does not have fails. */
export function probeCheck(probe: Probe, container: ProbedContainer): ProbeCheck {
  const { httpGet } = probe;
  const command = probe.exec?.command;
  if (command) return async (signal) => (await container.exec(command, signal)) === 0;
  const address = container.addressOf(httpGet?.port ?? probe.tcpSocket?.port ?? '');
  if (!address) return async () => false;
  if (httpGet) return async (signal) => isHttpSuccess(await httpStatus(httpGet, address, signal));
  return (signal) => canConnect(address, signal);
}

/** 200 to 399, as the kubelet counts it. */
function isHttpSuccess(answer: number | string): boolean {
  return typeof answer === 'number' && answer >= 200 && answer < 400;
}

/**
 * The status of a GET on a connection of its own, or why there is none. Certificates are not checked, as the kubelet does
 * not check them.
 */
export function httpStatus(httpGet: HttpGet, address: Address, signal: AbortSignal): Promise<number | string> {
  return new Promise((resolve) => {
    const headers = Object.fromEntries((httpGet.httpHeaders ?? []).map((h) => [h.name, h.value]));
    const start = httpGet.scheme === 'HTTPS' ? httpsRequest : httpRequest;
    const options = {
      ...address,
      rejectUnauthorized: false,
      path: httpGet.path,
      agent: false,
      signal,
      headers: { 'user-agent': 'kube-probe/1.34', ...headers },
    };
    let answered = false;
    const onResponse = (response: IncomingMessage) => {
      answered = true;
      response.on('error', (error) => resolve(error.message)).on('end', () => resolve(response.statusCode ?? 0));
      response.resume();
    };
    try {
      const outgoing = start(options, onResponse);
      outgoing.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      outgoing.on('close', () => answered || resolve('no response')); // after a 101, for one, no error comes
      outgoing.end();
    } catch (error) {
      resolve((error as Error).message); // a path or a header that cannot be sent
    }
  });
}

function canConnect(address: Address, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
    signal.addEventListener('abort', () => {
      socket.destroy();
      resolve(false);
    });
  });
}

/** The exit code of a command run in the container's environment; undefined when it was stopped or could not start. */
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
