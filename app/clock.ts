/** Time as every record of this service states it. */

/** ms since the epoch, with fractions. Never steps back within a process, unlike Date.now(). */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}
