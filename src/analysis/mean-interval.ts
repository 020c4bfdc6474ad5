/** Confidence intervals for means of a few rollouts, by Student's t. */
import tQuantile from '@stdlib/stats-base-dists-t-quantile';

export type Interval = [low: number, high: number];

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * A two-sided confidence interval for the mean. Undefined if the values do not vary: then they say nothing about the
 * spread of others.
 */
export function meanInterval(values: readonly number[], confidence = 0.95): Interval | undefined {
  const error = variance(values) / values.length;
  if (!(error > 0)) return undefined;
  return around(mean(values), error, values.length - 1, confidence);
}

/**
 * A two-sided confidence interval for the second mean minus the first (Welch 1947). Undefined if neither group varies,
 * or if one has fewer than two values.
 */
export function differenceInterval(
  one: readonly number[],
  other: readonly number[],
  confidence = 0.95,
): Interval | undefined {
  if (one.length < 2 || other.length < 2) return undefined;
  const [a, b] = [variance(one) / one.length, variance(other) / other.length];
  if (!(a + b > 0)) return undefined;
  const freedom = (a + b) ** 2 / (a ** 2 / (one.length - 1) + b ** 2 / (other.length - 1));
  return around(mean(other) - mean(one), a + b, freedom, confidence);
}

function around(middle: number, squaredError: number, freedom: number, confidence: number): Interval {
  const reach = tQuantile((1 + confidence) / 2, freedom) * Math.sqrt(squaredError);
  return [middle - reach, middle + reach];
}

/** The variance of a sample; NaN for fewer than two values. */
function variance(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}
