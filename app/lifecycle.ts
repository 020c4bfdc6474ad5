/**
 * The state of one pod's service and what it is busy with.
 *
 *   starting → ready → draining → stopped
 *       └───────────────↗
 *
 * starting: not listening yet · ready: serving · draining: told to go, still accepting connections ·
 * stopped: accepts no connection any more, finishes what it has.
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
 * What may be going on: a request whose response has not been returned, a finite response body being sent, an event
 * stream or a WebSocket. The last two have no end of their own.
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

  /** Whether responses should ask their client to give up the connection. */
  get closing(): boolean {
    return this.#state === 'draining' || this.#state === 'stopped';
  }

  /** How much of each kind of work is going on now. */
  get active(): Readonly<WorkCounts> {
    return { ...this.#active };
  }

  /** Requests whose response was returned. */
  get handled(): number {
    return this.#handled;
  }

  /** Aborted once every WebSocket and event stream has been asked to end. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** The listener is open. */
  ready(): void {
    this.#enter('ready');
  }

  /** Told to go. Readiness is lost from here on. */
  drain(): void {
    this.#enter('draining');
  }

  /** The listener is closed. */
  stop(): void {
    this.#enter('stopped');
  }

  /**
   * Registers work that begins now; call the function it returns once when the work is over (more often does no harm).
   * `end` asks work that has no end of its own to finish; work that comes after `endSessions` is asked at once.
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

  /** Asks every WebSocket and event stream to end, those still to come as well. */
  endSessions(): void {
    this.#stopping.abort();
    for (const end of [...this.#ends]) end();
  }

  /** Resolves when no work is going on. */
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
