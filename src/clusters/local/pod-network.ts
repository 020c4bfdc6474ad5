/**
 * A network for one pod whose containers listen on fixed ports, so that several such pods can run on one machine and a
 * pod's containers reach each other on localhost: a network namespace with a loopback device, connected to a port of
 * the host by a relay (pod-relay.ts).
 */
import { once } from 'node:events';
import { readlinkSync, realpathSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { EnvironmentError } from '../../errors.ts';
import { runAndWait } from '../../processes/bounded-program.ts';
import type { PortState } from '../../processes/listening-sockets.ts';
import { TRIAL_LIMITS, userNamespaceFlags } from '../../processes/namespaces.ts';
import { discard } from '../../processes/output-lines.ts';
import { type StartedProcess, startProcess } from '../../processes/process-group.ts';
import { projectFile } from '../../project-file.ts';
import { delay } from '../../timers.ts';
import type { Address } from './probe-check.ts';

/**
 * A user namespace makes this possible without root. The loopback device of a new network namespace is down at first.
 */
function inNewNetwork(command: readonly string[]): string[] {
  const enter = ['unshare', ...userNamespaceFlags(), '--net', '--', 'sh', '-c'];
  return [...enter, 'ip link set lo up && exec "$@"', 'sh', ...command];
}

const ADVICE = 'let the command listen on the port that it is given instead: $PORT, or $(PORT) as one of its arguments';

/** How often to check whether a relay has started, which takes a few ms. */
const START_POLL_MS = 5;

let possible: boolean | undefined;

/** Whether pods can have networks of their own here. Tried once. */
export function canMakePodNetworks(): boolean {
  if (process.platform !== 'linux') return false;
  possible ??= runAndWait(inNewNetwork(['true']), TRIAL_LIMITS).failure === undefined;
  return possible;
}

/** @throws EnvironmentError if pods cannot have networks of their own */
export function assertPodNetworks(): void {
  if (process.platform !== 'linux') {
    throw new EnvironmentError(
      `--port needs a network namespace for each pod, which ${process.platform} does not have; ${ADVICE}`,
    );
  }
  if (canMakePodNetworks()) return;
  throw new EnvironmentError(
    `--port needs a network namespace for each pod, which this user cannot create on this machine ` +
      `(tried: ${inNewNetwork([]).slice(0, -4).join(' ')}, ip link set lo up); ${ADVICE}`,
  );
}

export class PodNetwork {
  /** A prefix for a command that runs it in this network. */
  readonly enter: readonly string[];
  readonly #relay: StartedProcess;
  readonly #dialled = new Map<number, (error: string | undefined, socket: Socket | undefined) => void>();
  #lastDial = 0;

  private constructor(relay: StartedProcess) {
    this.#relay = relay;
    relay.child.on('message', ({ kind, id = 0, error }: FromRelay, handle) => {
      if (kind === 'dialled') this.#dialled.get(id)?.(error, handle as Socket | undefined);
    });
    const user = userNamespaceFlags().length > 0 ? ['--user', '--preserve-credentials'] : [];
    this.enter = ['nsenter', ...user, '--net', '--target', String(relay.pid), '--'];
  }

  /**
   * Creates the network.
   * @param address the address on the host at which the pod is reached while its server listens
   * @param port that the server listens on in this network
   * @param onPort called when the server begins or stops to listen
   * @throws EnvironmentError if the network cannot be created
   */
  static async create(address: Address, port: number, onPort: (state: PortState) => void): Promise<PodNetwork> {
    const command = inNewNetwork([process.execPath, projectFile('dist/pod-relay.js'), String(port)]);
    const relay = await startProcess(command, { env: { PATH: process.env.PATH ?? '' }, ipc: true });
    void discard(relay.stdout);
    void discard(relay.stderr);
    await untilRunning(relay);
    relay.child.on('message', ({ kind }: FromRelay) => {
      if (kind === 'listens') void handListener(relay, address);
      if (kind !== 'dialled') onPort(kind);
    });
    return new PodNetwork(relay);
  }

  /** Call when a server was started in it; the relay then waits until it listens. */
  serverStarted(): void {
    this.#tell('started');
  }

  /** Call when the server is about to get the stop signal; the relay then waits until it stops listening. */
  serverTerminating(): void {
    this.#tell('terminating');
  }

  /** Opens a connection from within the network to one of its ports. Rejects with the error of the attempt. */
  dial(port: number, signal: AbortSignal): Promise<Socket> {
    const id = ++this.#lastDial;
    return new Promise<Socket>((resolve, reject) => {
      const abort = () => reject(signal.reason);
      this.#dialled.set(id, (code, socket) => {
        this.#dialled.delete(id);
        signal.removeEventListener('abort', abort);
        if (signal.aborted) socket?.destroy();
        // Without an error and a socket, the other side closed the connection before it arrived here.
        else if (!socket) reject(Object.assign(new Error(code ?? 'ECONNRESET'), { code: code ?? 'ECONNRESET' }));
        else resolve(socket.on('error', () => {})); // errors reach the caller as the failure of its request
      });
      signal.addEventListener('abort', abort, { once: true });
      if (!this.#relay.child.connected) this.#dialled.get(id)?.('ENETUNREACH', undefined);
      else this.#relay.child.send({ kind: 'dial', id, port });
    });
  }

  #tell(kind: 'started' | 'terminating'): void {
    if (this.#relay.child.connected) this.#relay.child.send({ kind });
  }

  /** Removes the network with all connections through it. Resolves when it is gone. */
  async remove(): Promise<void> {
    this.#relay.killGroup();
    await this.#relay.exited;
  }
}

/**
 * Resolves when the relay runs. Before that its process is `unshare` or a shell, and may still be in the network of the host;
 * a server that entered the network of that process would listen on the host.
 */
async function untilRunning(relay: StartedProcess): Promise<void> {
  const program = realpathSync(process.execPath);
  let ended = false;
  void relay.exited.then(() => {
    ended = true;
  });
  while (programOf(relay.pid) !== program) {
    if (ended) throw new EnvironmentError('the network of a pod could not be created: its relay ended');
    await delay(START_POLL_MS);
  }
}

/** The file that a process executes; undefined if it has ended. */
function programOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** A message of the relay (pod-relay.ts). */
interface FromRelay {
  kind: 'listens' | 'closed' | 'dialled';
  id?: number;
  error?: string;
}

/** Hands a listener of the host over to the relay. Resets connections that arrive in this process before that. */
async function handListener(relay: StartedProcess, { host, port }: Address): Promise<void> {
  const listener = createServer((early) => early.resetAndDestroy());
  listener.listen(port, host);
  await once(listener, 'listening');
  if (!relay.child.connected) listener.close();
  else relay.child.send({ kind: 'listener' }, listener, () => listener.close());
}
