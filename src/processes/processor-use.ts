/** How busy this machine's processors are, with whatever runs on them. */
import { type CpuInfo, cpus } from 'node:os';

/** Measures from its creation on, and from one reading to the next. */
export class ProcessorUse {
  readonly #read: () => readonly Pick<CpuInfo, 'times'>[];
  #before: Counted;

  /** @param read how much time each processor has spent on what since the machine started */
  constructor(read: () => readonly Pick<CpuInfo, 'times'>[] = cpus) {
    this.#read = read;
    this.#before = count(read());
  }

  /**
   * The share of all processors' time since the last reading that was not idle, from 0 to 1. Undefined when the system has
   * counted no time since (it counts in steps of 10 ms).
   */
  share(): number | undefined {
    const now = count(this.#read());
    const { busyMs, totalMs } = this.#before;
    if (now.totalMs <= totalMs) return undefined;
    this.#before = now;
    return Math.min(1, Math.max(0, (now.busyMs - busyMs) / (now.totalMs - totalMs)));
  }
}

interface Counted {
  busyMs: number;
  totalMs: number;
}

function count(processors: readonly Pick<CpuInfo, 'times'>[]): Counted {
  let busyMs = 0;
  let idleMs = 0;
  for (const { times } of processors) {
    busyMs += times.user + times.nice + times.sys + times.irq;
    idleMs += times.idle;
  }
  return { busyMs, totalMs: busyMs + idleMs };
}
