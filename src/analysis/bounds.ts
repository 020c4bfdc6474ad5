/** Exact bounds for a proportion (Clopper and Pearson 1934): which failure rates are compatible with the counts. */
import betaQuantile from '@stdlib/stats-base-dists-beta-quantile';

/**
 * The largest failure probability that is still compatible, at the given one-sided confidence, with `failed` of
 * `exposed`. For 0 failed this is about 3/exposed at 95 % (the rule of three). 1 if nothing was exposed.
 */
export function upperBound(failed: number, exposed: number, confidence = 0.95): number {
  if (failed >= exposed) return 1;
  return betaQuantile(confidence, failed + 1, exposed - failed);
}
