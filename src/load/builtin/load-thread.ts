/**
 * Threads that run loads. Several loads share a thread, and it stays alive for the next one. With a thread per load, each
 * would compile the same code again and wake up on its own.
 */
import { Worker } from 'node:worker_threads';
import { projectFile } from '../../project-file.ts';
import type { FromWorker, LoadSetup, ToWorker } from './messages.ts';

/** What one thread can send on time, in requests/s. A load with a higher rate gets a thread to itself. */
const MAX_RATE_PER_S = 5000;

/** How the owner of a load learns about it. */
export interface LoadInThread {
  onMessage(message: FromWorker): void;
  /** The thread ended, and the load with it. */
  onDeath(error: unknown): void;
}

type ToLoad<M = ToWorker> = M extends { load: number } ? Omit<M, 'load'> : never;

class LoadThread {
  readonly #worker = new Worker(projectFile('dist/load-worker.js'));
  readonly #loads = new Map<number, LoadInThread & { ratePerSecond: number }>();
  #nextLoad = 0;
  #dead = false;

  constructor() {
    this.#worker.on('message', (message: FromWorker) => this.#loads.get(message.load)?.onMessage(message));
    this.#worker.on('error', (error) => this.#die(error));
    this.#worker.on('exit', () => this.#die(new Error('the load generator ended by itself')));
  }

  hasRoomFor(ratePerSecond: number): boolean {
    if (this.#dead) return false;
    let sum = ratePerSecond;
    for (const load of this.#loads.values()) sum += load.ratePerSecond;
    return this.#loads.size === 0 || sum <= MAX_RATE_PER_S;
  }

  start(setup: LoadSetup, ratePerSecond: number, { onMessage, onDeath }: LoadInThread) {
    const load = this.#nextLoad++;
    this.#loads.set(load, { onMessage, onDeath, ratePerSecond });
    this.#worker.ref();
    const tell = (message: ToLoad) => {
      if (this.#loads.has(load)) this.#worker.postMessage({ load, ...message });
    };
    tell({ kind: 'start', setup });
    return {
      tell,
      /** The load is over; its messages are ignored from now on. */
      leave: () => {
        this.#loads.delete(load);
        // An idle thread must not keep the program alive.
        if (this.#loads.size === 0) this.#worker.unref();
      },
    };
  }

  #die(error: unknown): void {
    this.#dead = true;
    for (const load of [...this.#loads.values()]) load.onDeath(error);
  }
}

let threads: LoadThread[] = [];

/** The first thread that has room for a load of that rate, or a new one. */
export function threadFor(ratePerSecond: number): LoadThread {
  const found = threads.find((thread) => thread.hasRoomFor(ratePerSecond));
  if (found) return found;
  const thread = new LoadThread();
  threads = [...threads, thread];
  return thread;
}
