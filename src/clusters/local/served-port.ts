/** Whether a container's server listens on its port. A pod network reports that by itself; else the port is polled. */
import { CAN_SEE_SOCKETS, type PortState, watchListener } from '../../processes/listening-sockets.ts';
import type { PodNetwork } from './pod-network.ts';

export interface ServedPortOptions {
  /** The port on this machine. */
  port: number;
  network(): PodNetwork | undefined;
  /** Called when the port was seen closed after the server was told to stop. */
  onClosed(): void;
}

export class ServedPort {
  readonly #options: ServedPortOptions;
  #listens = false;
  #stopWatching: () => void = () => {};

  constructor(options: ServedPortOptions) {
    this.#options = options;
  }

  /** As far as can be seen here. */
  get listens(): boolean {
    return this.#listens;
  }

  /** Call when the server has started. */
  started(): void {
    this.#watch('listens', (network) => network.serverStarted());
  }

  /** Call when the server is about to get the stop signal. */
  stopping(): void {
    this.#watch('closed', (network) => network.serverTerminating());
  }

  /** Call when the server has ended. */
  ended(): void {
    this.#stopWatching();
    this.#listens = false;
  }

  /** Call when the port was seen open or closed. */
  note(state: PortState): void {
    this.#listens = state === 'listens';
    if (state === 'closed') this.#options.onClosed();
  }

  #watch(until: PortState, tell: (network: PodNetwork) => void): void {
    const { port, network } = this.#options;
    this.#stopWatching();
    const own = network();
    if (own) tell(own);
    else if (CAN_SEE_SOCKETS) this.#stopWatching = watchListener(port, until, () => this.note(until));
    // Where sockets cannot be seen, a server counts as listening until it is told to stop.
    else this.#listens = until === 'listens';
  }
}
