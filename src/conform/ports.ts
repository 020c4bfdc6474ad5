/** The ports that the servers listen on. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { EnvironmentError } from '../errors.ts';
import { type HeldPort, holdPort } from '../processes/ports.ts';

export class Ports {
  readonly #ownPort: number | undefined;
  readonly #held: HeldPort[] = [];

  /** @param ownPort the port that the command listens on regardless of PORT */
  constructor(ownPort: number | undefined) {
    this.#ownPort = ownPort;
  }

  /** Whether there is only one port, so that servers must run one after the other. */
  get single(): boolean {
    return this.#ownPort !== undefined;
  }

  /** @throws EnvironmentError if the command's own port is taken */
  async next(): Promise<number> {
    if (this.#ownPort === undefined) {
      const held = await holdPort();
      this.#held.push(held);
      return held.port;
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

  /** Releases all ports. */
  release(): void {
    for (const held of this.#held.splice(0)) held.release();
  }
}
