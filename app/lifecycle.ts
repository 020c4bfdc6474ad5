/**
 * The state of one pod's service, and the work it is doing.
 *
 *   starting → ready → draining → stopped
 *       └───────────────↗
 *
 * starting: not listening yet · ready: serving · draining: asked to stop, still accepting connections ·
 * stopped: no longer accepting connections, finishing requests in flight.
 */

export type State = 'starting' | 'ready' | 'draining' | 'stopped';

export const STATES: readonly State[] = ['starting', 'ready', 'draining', 'stopped'];

const NEXT: Record<State, readonly State[]> = {
  starting: ['ready', 'draining'],
  ready: ['draining'],
  draining: ['stopped'],
  stopped: [],
};

/**
 * Kinds of work: a request without a response yet, a finite response body being sent, an event stream, or a WebSocket.
 * The last two do not end by themselves.
 */
export type Work = 'requests' | 'streams' | 'eventStreams' | 'webSockets';

export type WorkCounts = Record<Work, number>;

export class Lifecycle {
  #state: State = 'starting';
  #active: WorkCounts = { requests: 0, streams: 0, eventStreams: 0, webSockets: 0 };
  #handled = 0;
  #ends = new Set<() => void>();
  #stopping = new AbortController();
  #idle: (() => void)[] = [];

  get state(): State {
    return this.#state;
  }

  /** Whether responses should ask the client to close the connection. */
  get closing(): boolean {
    return this.#state === 'draining' || this.#state === 'stopped';
  }

  /** How much work of each kind is going on now. */
  get active(): Readonly<WorkCounts> {
    return { ...this.#active };
  }

  /** How many requests were answered. */
  get handled(): number {
    return this.#handled;
  }

  /** Aborted when all WebSockets and event streams are asked to end. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** To be called when the listener is open. */
  ready(): void {
    this.#enter('ready');
  }

  /** To be called when the service is asked to stop. Readiness fails from now on. */
  drain(): void {
    this.#enter('draining');
  }

  /** To be called when the listener is closed. */
  stop(): void {
    this.#enter('stopped');
  }

  /**
   * Registers work that begins now. Call the returned function when the work is over; further calls have no effect.
   * `end` asks work that does not end by itself to finish. It is called at once for work that begins after
   * `endSessions`.
   */
  begin(work: Work, end?: () => void): () => void {
    this.#active[work]++;
    let over = false;
    const finish = () => {
      if (over) return;
      over = true;
      this.#active[work]--;
      if (work === 'requests') this.#handled++;
      if (end) this.#ends.delete(end);
      if (this.#idle.length > 0 && this.#isIdle()) for (const resolve of this.#idle.splice(0)) resolve();
    };
    if (end && this.stopping.aborted) end();
    else if (end) this.#ends.add(end);
    return finish;
  }

  /** Asks all WebSockets and event streams to end, including those that begin later. */
  endSessions(): void {
    this.#stopping.abort();
    for (const end of [...this.#ends]) end();
  }

  /** Resolves when there is no work. */
  whenIdle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #isIdle(): boolean {
    return Object.values(this.#active).every((count) => count === 0);
  }

  #enter(next: State): void {
    if (!NEXT[this.#state].includes(next)) throw new Error(`illegal transition from ${this.#state} to ${next}`);
    this.#state = next;
  }
}
