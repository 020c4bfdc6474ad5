/** HDR histograms of durations: recorded and stored in µs, read in ms. */
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';

const HIGHEST_US = 600e6;

/** An empty histogram from 1 µs to 10 min with three significant digits. */
export function emptyHistogram(): Histogram {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: HIGHEST_US, numberOfSignificantValueDigits: 3 });
}

export function recordMs(histogram: Histogram, ms: number): void {
  histogram.recordValue(Math.min(HIGHEST_US, Math.max(0, Math.round(ms * 1000))));
}

export function encodeHistogram(histogram: Histogram): string {
  return encodeIntoCompressedBase64(histogram);
}

/**
 * A packed one would be small, but a hundred times slower to read a percentile from.
 * @throws Error when the text is no such histogram
 */
export function decodeHistogram(base64: string): Histogram {
  return decodeFromCompressedBase64(base64, 32);
}

/** The value below which `percent` of the recorded durations lie, in ms. */
export function percentileMs(histogram: Histogram, percent: number): number {
  return histogram.getValueAtPercentile(percent) / 1000;
}
