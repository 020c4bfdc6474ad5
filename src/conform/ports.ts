/** Where the servers listen. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import getPort, { portNumbers } from 'get-port';
import { EnvironmentError } from '../errors.ts';

/** Below those of outgoing connections. */
const FIRST_PORT = 20_000;
const LAST_PORT = 31_999;

export class Ports {
  readonly #ownPort: number | undefined;
  /** Never back to a port given out: get-port opens a port to see whether it is free, which a server may be about to do. */
  #from = FIRST_PORT + Math.floor((Math.random() * (LAST_PORT - FIRST_PORT)) / 2);

  /** @param ownPort the port that the command listens on whatever it is told */
  constructor(ownPort: number | undefined) {
    this.#ownPort = ownPort;
  }

  /** Whether there is one port alone, so that servers have to follow each other. */
  get single(): boolean {
    return this.#ownPort !== undefined;
  }

  /** @throws EnvironmentError when the command's own port is taken */
  async next(): Promise<number> {
    if (this.#ownPort === undefined) {
      const from = this.#from++;
      const port = await getPort({ port: portNumbers(from, LAST_PORT) });
      this.#from = Math.max(this.#from, port + 1);
      return port;
    }
    const probe = createServer().listen(this.#ownPort);
    try {
      await once(probe, 'listening');
    } catch (error) {
      const reason = (error as Error).message;
      throw new EnvironmentError(`--port ${this.#ownPort}: that port is not free on this machine: ${reason}`);
    }
    probe.close();
    await once(probe, 'close');
    return this.#ownPort;
  }
}
