/** The largest and smallest of many values. `Math.max(...values)` overflows the stack at about a hundred thousand. */

/** The largest value. Without values: `atLeast`, which is -Infinity by default. */
export function largest(values: Iterable<number>, atLeast = Number.NEGATIVE_INFINITY): number {
  let found = atLeast;
  for (const value of values) found = Math.max(found, value);
  return found;
}

/** The smallest value. Without values: `atMost`, which is Infinity by default. */
export function smallest(values: Iterable<number>, atMost = Number.POSITIVE_INFINITY): number {
  let found = atMost;
  for (const value of values) found = Math.min(found, value);
  return found;
}
