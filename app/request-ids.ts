/** How often each request id was seen: the trace of clients that silently send a request again. */

/** 128 printable ASCII characters at most, so that the memory for 100,000 of them stays below 30 MB. */
const USABLE = /^[\x21-\x7e]{1,128}$/;

export class RequestIds {
  #capacity: number;
  #seen = new Map<string, number>();
  #repeated = 0;

  /** Remembers the `capacity` ids that were seen last. */
  constructor(capacity = 100_000) {
    this.#capacity = capacity;
  }

  /** Notes a request with this id and returns how many there were so far; undefined for an id too long or odd to keep. */
  see(id: string): number | undefined {
    if (!USABLE.test(id)) return undefined;
    const count = (this.#seen.get(id) ?? 0) + 1;
    if (count > 1) this.#repeated++;
    // A Map iterates in the order of insertion: taking the id out first moves it to the young end.
    this.#seen.delete(id);
    this.#seen.set(id, count);
    if (this.#seen.size > this.#capacity) {
      const [oldest] = this.#seen.keys();
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    return count;
  }

  /** Requests whose id had been seen before. */
  get repeated(): number {
    return this.#repeated;
  }
}
