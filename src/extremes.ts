/** The largest and the smallest of any number of values: spread into Math.max, a hundred thousand exhaust the stack. */

/** -Infinity, or `atLeast`, for no values. */
export function largest(values: Iterable<number>, atLeast = Number.NEGATIVE_INFINITY): number {
  let found = atLeast;
  for (const value of values) found = Math.max(found, value);
  return found;
}

/** Infinity, or `atMost`, for no values. */
export function smallest(values: Iterable<number>, atMost = Number.POSITIVE_INFINITY): number {
  let found = atMost;
  for (const value of values) found = Math.min(found, value);
  return found;
}
