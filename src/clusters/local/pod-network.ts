/**
 * A network of its own for a pod whose server listens on a port of its own choice, so that several of them can run on
 * one machine: a network namespace with a loopback device, joined to a port of the host by a relay (pod-relay.ts).
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { EnvironmentError } from '../../errors.ts';
import { runAndWait } from '../../processes/bounded-program.ts';
import { TRIAL_LIMITS, userNamespaceFlags } from '../../processes/namespaces.ts';
import { discard } from '../../processes/output-lines.ts';
import { type StartedProcess, startProcess } from '../../processes/process-group.ts';
import { projectFile } from '../../project-file.ts';
import type { Address } from './probe-check.ts';

/** A user namespace makes it possible without root; the loopback device of a new network namespace is down. */
function inNewNetwork(command: readonly string[]): string[] {
  const enter = ['unshare', ...userNamespaceFlags(), '--net', '--', 'sh', '-c'];
  return [...enter, 'ip link set lo up && exec "$@"', 'sh', ...command];
}

const ADVICE = 'let the command listen on the port it is given instead: $PORT, or $(PORT) as one of its arguments';

let possible: boolean | undefined;

/** @throws EnvironmentError where pods cannot have networks of their own */
export function assertPodNetworks(): void {
  if (process.platform !== 'linux') {
    throw new EnvironmentError(
      `--port needs a network namespace for each pod, which ${process.platform} does not have; ${ADVICE}`,
    );
  }
  possible ??= runAndWait(inNewNetwork(['true']), TRIAL_LIMITS).failure === undefined;
  if (possible) return;
  throw new EnvironmentError(
    `--port needs a network namespace for each pod, and this machine lets nobody make one ` +
      `(tried: ${inNewNetwork([]).slice(0, -4).join(' ')}, ip link set lo up); ${ADVICE}`,
  );
}

export class PodNetwork {
  /** In front of a command, runs it in this network. */
  readonly enter: readonly string[];
  readonly #relay: StartedProcess;

  private constructor(relay: StartedProcess) {
    this.#relay = relay;
    const user = userNamespaceFlags().length > 0 ? ['--user', '--preserve-credentials'] : [];
    this.enter = ['nsenter', ...user, '--net', '--target', String(relay.pid), '--'];
  }

  /**
   * Makes the network. `onClosed` is called when a server in it stops listening on `port`.
   * @param address where, on the host, the pod is reached while its server listens
   * @param otherPorts of each further port in it, where the host reaches that
   * @throws EnvironmentError when it cannot be made
   */
  static async create(
    address: Address,
    port: number,
    otherPorts: ReadonlyMap<number, number>,
    onClosed: () => void,
  ): Promise<PodNetwork> {
    const command = inNewNetwork([process.execPath, projectFile('dist/pod-relay.js'), String(port)]);
    const relay = await startProcess(command, { env: { PATH: process.env.PATH ?? '' }, ipc: true });
    void discard(relay.stdout);
    void discard(relay.stderr);
    relay.child.on('message', ({ kind }: { kind: 'listens' | 'closed' }) => {
      if (kind === 'listens') void handListener(relay, address, { kind: 'listener' });
      else onClosed();
    });
    for (const [other, here] of otherPorts) {
      await handListener(relay, { host: address.host, port: here }, { kind: 'other', port: other });
    }
    return new PodNetwork(relay);
  }

  /** A server was started in it, which will listen sooner or later. */
  serverStarted(): void {
    this.#tell('started');
  }

  /** The server was told to go, and may stop listening from now on. */
  serverTerminating(): void {
    this.#tell('terminating');
  }

  #tell(kind: 'started' | 'terminating'): void {
    if (this.#relay.child.connected) this.#relay.child.send({ kind });
  }

  /** Takes it away with every connection through it; resolves when it is gone. */
  async remove(): Promise<void> {
    this.#relay.killGroup();
    await this.#relay.exited;
  }
}

/** A listener of the host for the relay alone: what reaches this process before it is handed over is turned away. */
async function handListener(relay: StartedProcess, { host, port }: Address, message: object): Promise<void> {
  const listener = createServer((early) => early.resetAndDestroy());
  listener.listen(port, host);
  await once(listener, 'listening');
  if (!relay.child.connected) listener.close();
  else relay.child.send(message, listener, () => listener.close());
}
