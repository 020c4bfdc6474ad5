/** The longest outage: how long a user could have been shut out at a stretch. */
import { BUCKET_MS, type Trace } from '../trace/trace.ts';

/**
 * The longest run of failed requests with no successful one started between them, in ms: from the start of the first
 * failed one to the start of the next that succeeded, to 100 ms, because successes are kept as counts. A lone failure
 * among successes of the same 100 ms is an outage of 0. Requests of all scenarios count alike.
 */
export function longestOutageMs({ load, loadStopMs }: Trace): number {
  const successBuckets = [...new Set(load.successes.map((bucket) => bucket.bucket))].sort((a, b) => a - b);
  const failureBuckets = new Set(load.failures.map((request) => Math.floor(request.startedMs / BUCKET_MS)));
  const first = (bucket: number) => successBuckets.find((success) => success >= bucket);
  let longest = 0;
  for (const bucket of failureBuckets) {
    const next = first(bucket);
    const endMs = next === undefined ? loadStopMs : next * BUCKET_MS;
    longest = Math.max(longest, endMs - bucket * BUCKET_MS);
  }
  return Math.max(0, longest);
}
