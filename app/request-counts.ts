/** Counts answered requests by route and status. */

export interface RequestCount {
  /** The route's pattern, or "unmatched". Never the path, because clients can make up any number of paths. */
  route: string;
  status: number;
  count: number;
}

export class RequestCounts {
  #counts = new Map<string, Map<number, RequestCount>>();

  add(route: string, status: number): void {
    const ofRoute = this.#counts.get(route) ?? new Map<number, RequestCount>();
    const entry = ofRoute.get(status);
    if (entry) {
      entry.count++;
      return;
    }
    ofRoute.set(status, { route, status, count: 1 });
    this.#counts.set(route, ofRoute);
  }

  *[Symbol.iterator](): Iterator<RequestCount> {
    for (const ofRoute of this.#counts.values()) yield* ofRoute.values();
  }
}
