/** The ports of one trial. They are reserved before it begins, so that no search for a free port falls into it. */
import { type HeldPort, holdPort } from '../../processes/ports.ts';

export class ReservedPorts {
  readonly #held: HeldPort[] = [];
  readonly #free: number[] = [];

  /** @throws EnvironmentError if there are not as many free ports */
  async reserve(count: number): Promise<void> {
    for (let i = 0; i < count; i++) this.#held.push(await holdPort());
    this.#free.push(...this.#held.map(({ port }) => port));
  }

  /** One that was not taken before. @throws Error if fewer were reserved than are needed */
  take(): number {
    const port = this.#free.pop();
    if (port === undefined) throw new Error('too few ports were reserved');
    return port;
  }

  release(): void {
    for (const held of this.#held.splice(0)) held.release();
  }
}
