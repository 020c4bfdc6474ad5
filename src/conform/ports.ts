/** Where the servers listen. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import getPort, { portNumbers } from 'get-port';
import { EnvironmentError } from '../errors.ts';

/** Below those of outgoing connections. */
const FIRST_PORT = 20_000;
const LAST_PORT = 31_999;
const START_PORT = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));

export class Ports {
  readonly #ownPort: number | undefined;

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
      return getPort({ port: [...portNumbers(START_PORT, LAST_PORT), ...portNumbers(FIRST_PORT, START_PORT)] });
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
