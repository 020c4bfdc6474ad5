/** The clock for all timestamps of this service. */

/** Milliseconds since the epoch, with fractions. Unlike Date.now(), it never goes backwards within a process. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}
