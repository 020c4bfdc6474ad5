/** What a probe or an httpGet hook does once, against a container on this machine. */
import { request } from 'node:http';
import { connect } from 'node:net';
import type { HttpGet, Probe } from '../../kubernetes-rules/objects.ts';
import { signalIfAlive, startProcess } from '../../processes/process-group.ts';

/** Resolves with whether the check succeeded; never rejects. The signal carries the timeout. */
export type ProbeCheck = (signal: AbortSignal) => Promise<boolean>;

export interface Address {
  host: string;
  port: number;
}

/** The check a probe asks for. `exec` runs a command in the container; its exit code, as runCommand. */
export function probeCheck(
  probe: Probe,
  address: Address,
  exec: (command: readonly string[], signal: AbortSignal) => Promise<number | undefined>,
): ProbeCheck {
  const { httpGet } = probe;
  const command = probe.exec?.command;
  if (httpGet) return async (signal) => isHttpSuccess(await httpStatus(httpGet, address, signal));
  if (command) return async (signal) => (await exec(command, signal)) === 0;
  return (signal) => canConnect(address, signal);
}

/** 200 to 399, as the kubelet counts it. */
function isHttpSuccess(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 400;
}

/** The status of a GET on a connection of its own; undefined when there was no response in time. */
export function httpStatus(httpGet: HttpGet, address: Address, signal: AbortSignal): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = Object.fromEntries((httpGet.httpHeaders ?? []).map((h) => [h.name, h.value]));
    const outgoing = request(
      {
        ...address,
        path: httpGet.path,
        agent: false,
        signal,
        headers: { 'user-agent': 'kube-probe/1.34', ...headers },
      },
      (response) => {
        response.on('error', () => resolve(undefined)).on('end', () => resolve(response.statusCode));
        response.resume();
      },
    );
    outgoing.on('error', () => resolve(undefined));
    outgoing.end();
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
  started.stdout.resume();
  started.stderr.resume();
  const stop = () => signalIfAlive(-started.pid, 'SIGKILL');
  signal.addEventListener('abort', stop);
  const { code } = await started.exited;
  signal.removeEventListener('abort', stop);
  return code ?? undefined;
}
