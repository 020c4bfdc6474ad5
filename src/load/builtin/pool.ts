/**
 * Provides the connection for a request. A keep-alive pool behaves like a number of clients that take turns, longest idle
 * first, as k6's virtual users do. Each client keeps its own connection and opens another when it loses it.
 */
import type { Dialled, ServiceNetwork } from '../../clusters/local/service-network.ts';
import type { PodRef } from '../../trace/cluster-record.ts';
import { type AnswerReader, Connection } from './connection.ts';

export class Client {
  connection: Connection | undefined;
  /** Where its current or last connection goes. */
  destination: Dialled | undefined;
  /** The pod that answered last. Where the dialled pod is unknown, a reused connection still leads to this one. */
  lastPod: PodRef | undefined;
  #giveUp: (() => void) | undefined;

  /**
   * Calls `ready` with a usable connection, at once or later, or `failed` when the network refuses.
   * @param reader reads the answers on a connection that has to be opened, if they are not plain responses
   */
  connect(
    network: ServiceNetwork,
    ready: (connection: Connection) => void,
    failed: (error: string) => void,
    reader?: AnswerReader,
  ): void {
    if (this.connection) {
      ready(this.connection);
      return;
    }
    this.destination = undefined;
    let answered = false;
    const giveUp = network.dial((dialled) => {
      answered = true;
      this.#giveUp = undefined;
      this.destination = dialled;
      const { endpoint, error } = dialled;
      if (!endpoint || error) {
        failed(error ?? 'ECONNREFUSED');
        return;
      }
      const onUnusable = () => {
        if (this.connection === connection) this.connection = undefined;
      };
      const connection = new Connection(endpoint.host, endpoint.port, onUnusable, reader);
      this.connection = connection;
      ready(connection);
    });
    // The network may have answered within the call; then there is nothing left to cancel.
    if (!answered) this.#giveUp = giveUp;
  }

  /** Stops a `connect` that is still waiting for the network. Returns whether there was one. */
  giveUp(): boolean {
    this.#giveUp?.();
    const waiting = this.#giveUp !== undefined;
    this.#giveUp = undefined;
    return waiting;
  }
}

export class ClientPool {
  readonly #idle: Client[] = [];
  readonly #keepAlive: boolean;

  constructor(keepAlive: boolean, size: number) {
    this.#keepAlive = keepAlive;
    if (keepAlive) for (let i = 0; i < size; i++) this.#idle.push(new Client());
  }

  /** The client that has been idle longest, or a new one when all are busy. */
  take(): Client {
    return this.#idle.shift() ?? new Client();
  }

  release(client: Client): void {
    if (this.#keepAlive) this.#idle.push(client);
    else client.connection?.close();
  }

  close(): void {
    for (const client of this.#idle) client.connection?.close();
    this.#idle.length = 0;
  }
}
