/** Counts how often each request id was seen, to detect clients that retry silently. */

/** At most 128 printable ASCII characters, so that 100,000 ids take less than 30 MB. */
const USABLE = /^[\x21-\x7e]{1,128}$/;

export class RequestIds {
  #capacity: number;
  #seen = new Map<string, number>();
  #repeated = 0;

  /** Remembers the `capacity` most recent ids. */
  constructor(capacity = 100_000) {
    this.#capacity = capacity;
  }

  /** Counts a request with this id and returns the count so far; undefined if the id is too long or not printable. */
  see(id: string): number | undefined {
    if (!USABLE.test(id)) return undefined;
    const count = (this.#seen.get(id) ?? 0) + 1;
    if (count > 1) this.#repeated++;
    // A Map iterates in insertion order: deleting the id first moves it to the end, as the most recent.
    this.#seen.delete(id);
    this.#seen.set(id, count);
    if (this.#seen.size > this.#capacity) {
      const [oldest] = this.#seen.keys();
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    return count;
  }

  /** How many requests had an id that was seen before. */
  get repeated(): number {
    return this.#repeated;
  }
}
