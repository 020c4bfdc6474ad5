/** The longest outage: how long clients were without service at a stretch. */
import type { Trace } from '../trace/trace.ts';
import { BUCKET_MS } from '../trace/units.ts';

/**
 * The longest run of failed requests without a successful one in between, in ms: from the start of the first failed
 * request to the start of the next successful one. Accurate to 100 ms, because successes are stored as counts per 100
 * ms. A failure in a 100 ms bucket that also has a success is an outage of 0. All scenarios count alike; a session
 * that was opened is a success, whatever ended it.
 */
export function longestOutageMs({ load, loadStopMs }: Trace): number {
  const opened = (load.sessions?.opened ?? []).map(({ startedMs }) => Math.floor(startedMs / BUCKET_MS));
  const successes = sortedBuckets([...load.successes.map(({ bucket }) => bucket), ...opened]);
  const failures = sortedBuckets(load.failures.map(({ startedMs }) => Math.floor(startedMs / BUCKET_MS)));
  let longestMs = 0;
  let next = 0;
  for (const bucket of failures) {
    while (next < successes.length && (successes[next] as number) < bucket) next++;
    const success = successes[next];
    const endMs = success === undefined ? loadStopMs : success * BUCKET_MS;
    longestMs = Math.max(longestMs, endMs - bucket * BUCKET_MS);
  }
  return longestMs;
}

function sortedBuckets(buckets: readonly number[]): number[] {
  return [...new Set(buckets)].sort((a, b) => a - b);
}
