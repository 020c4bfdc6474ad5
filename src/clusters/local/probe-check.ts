/** A single check of a probe, or request of an httpGet hook, against a container on this machine. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { HttpGet, Probe } from '../../kubernetes-rules/objects.ts';
import { discard } from '../../processes/output-lines.ts';
import { signalIfAlive, startProcess } from '../../processes/process-group.ts';

/** Resolves to whether the check succeeded; never rejects. The caller aborts the signal at the timeout. */
export type ProbeCheck = (signal: AbortSignal) => Promise<boolean>;

export interface Address {
  host: string;
  port: number;
}

/** What a probe needs from its container. */
export interface ProbedContainer {
  /** The address at which one of its ports is reached; undefined for an unknown port name. */
  addressOf(port: number | string): Address | undefined;
  /** Runs a command in the container. Resolves to its exit code; undefined if it was killed. */
  exec(command: readonly string[], signal: AbortSignal): Promise<number | undefined>;
}

/** The check that a probe specifies. It always fails if the container does not have the port. */
export function probeCheck(probe: Probe, container: ProbedContainer): ProbeCheck {
  const { httpGet } = probe;
  const command = probe.exec?.command;
  if (command) return async (signal) => (await container.exec(command, signal)) === 0;
  const address = container.addressOf(httpGet?.port ?? probe.tcpSocket?.port ?? '');
  if (!address) return async () => false;
  if (httpGet) return async (signal) => isHttpSuccess(await httpStatus(httpGet, address, signal));
  return (signal) => canConnect(address, signal);
}

/** Like the kubelet, counts 200 to 399 as success. */
function isHttpSuccess(answer: number | string): boolean {
  return typeof answer === 'number' && answer >= 200 && answer < 400;
}

/**
 * The status of a GET request on a new connection, or the error. Like the kubelet, does not verify certificates.
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
      outgoing.on('close', () => answered || resolve('no response')); // for example after a 101, which causes no error
      outgoing.end();
    } catch (error) {
      resolve((error as Error).message); // an invalid path or header
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
