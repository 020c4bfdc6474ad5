/** HDR histograms of durations: recorded and stored in µs, read in ms. */
import { inflateSync } from 'node:zlib';
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';

const HIGHEST_US = 600e6;
const DIGITS = 3;
/** Above 2^31 - 1 the library's counts become negative. */
const MAX_COUNT = 2 ** 31 - 1;

/** The V2 format: a header around deflated content, which has its own header before its counts. */
const COMPRESSED_COOKIE = 0x1c849314;
const COOKIE = 0x1c849313;
const OUTER_HEADER_BYTES = 8;
const HEADER_BYTES = 40;
/** The most bytes that a count, or a run of zeros, takes. */
const WORD_BYTES = 9;
/** The number of counts for this range and precision: 1024 for each doubling above the first 2048 values. */
const COUNTS = 1024 * (2 + Math.floor(Math.log2(HIGHEST_US / 1024)));
const MAX_INFLATED_BYTES = HEADER_BYTES + WORD_BYTES * COUNTS;
/** A generous limit: base64 adds a third, and deflate adds far less than that to incompressible data. */
export const MAX_HISTOGRAM_CHARACTERS = 2 * MAX_INFLATED_BYTES;

/** An empty histogram from 1 µs to 10 min with three significant digits. */
export function emptyHistogram(): Histogram {
  return emptyOf(32);
}

/** The sum of several histograms. */
export function sumOfHistograms(histograms: Iterable<Histogram>): Histogram {
  // Counts that each fit 32 bits may not fit them added up.
  const sum = emptyOf(64);
  for (const histogram of histograms) sum.add(histogram);
  return sum;
}

export function recordMs(histogram: Histogram, ms: number): void {
  histogram.recordValue(Math.min(HIGHEST_US, Math.max(0, Math.round(ms * 1000))));
}

export function encodeHistogram(histogram: Histogram): string {
  return encodeIntoCompressedBase64(histogram);
}

/**
 * Decodes without the library's packed form, which is small but takes a hundred times as long to compute a percentile.
 * @throws Error if the text is not a histogram of this program
 */
export function decodeHistogram(base64: string): Histogram {
  const problem = histogramProblem(base64);
  if (problem !== undefined) throw new Error(`not a histogram: it ${problem}`);
  return decodeFromCompressedBase64(base64, 32);
}

/**
 * Why a text is not a histogram of this program, as a predicate ("is too long"); undefined if it is one. The library
 * checks nothing: given bad input, it inflates any amount of data, counts backwards, and writes outside of its array.
 */
export function histogramProblem(base64: string): string | undefined {
  if (base64.length > MAX_HISTOGRAM_CHARACTERS) return 'is too long';
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return 'is not base64';
  const outer = Buffer.from(base64, 'base64');
  if (outer.length < OUTER_HEADER_BYTES || outer.readInt32BE(0) !== COMPRESSED_COOKIE) return 'is not in the V2 format';
  if (outer.readInt32BE(4) !== outer.length - OUTER_HEADER_BYTES) return 'does not have the length in its header';
  const content = inflated(outer.subarray(OUTER_HEADER_BYTES));
  if (content === undefined) return 'cannot be inflated';
  return contentProblem(content);
}

/** The value below which `percent` % of the recorded durations lie, in ms. */
export function percentileMs(histogram: Histogram, percent: number): number {
  return histogram.getValueAtPercentile(percent) / 1000;
}

function emptyOf(bitBucketSize: 32 | 64): Histogram {
  return build({
    bitBucketSize,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: DIGITS,
  });
}

/** Undefined if the input is not deflated content, or inflates to too much. */
function inflated(deflated: Buffer): Buffer | undefined {
  try {
    return inflateSync(deflated, { maxOutputLength: MAX_INFLATED_BYTES });
  } catch {
    return undefined; // any error of zlib means that this program did not write it
  }
}

function contentProblem(content: Buffer): string | undefined {
  if (content.length < HEADER_BYTES || content.readInt32BE(0) !== COOKIE) return 'is not in the V2 format';
  if (content.readInt32BE(4) !== content.length - HEADER_BYTES) return 'does not have the length in its header';
  const range = [content.readInt32BE(12), content.readBigInt64BE(16), content.readBigInt64BE(24)].map(Number);
  const isOurs = range[0] === DIGITS && range[1] === 1 && range[2] === HIGHEST_US && content.readInt32BE(8) <= 1;
  if (!isOurs) return 'has another range or precision';
  let index = 0;
  for (let at = HEADER_BYTES; at < content.length; ) {
    const word = wordAt(content, at);
    if (word === undefined || word.value > MAX_COUNT) return 'has an invalid count';
    at = word.nextAt;
    index += Math.max(1, -word.value);
    if (index > COUNTS) return 'has more counts than its range allows';
  }
  return undefined;
}

/**
 * A count, or the negative length of a run of zeros: ZigZag LEB128, at most 9 bytes. Undefined if the input ends early.
 */
function wordAt(content: Buffer, startAt: number): { value: number; nextAt: number } | undefined {
  let encoded = 0;
  for (let index = 0; index < WORD_BYTES; index++) {
    const byte = content[startAt + index];
    if (byte === undefined) return undefined;
    const isLast = byte < 0x80 || index === WORD_BYTES - 1;
    encoded += (index === WORD_BYTES - 1 ? byte : byte & 0x7f) * 2 ** (7 * index);
    if (isLast) return { value: encoded % 2 === 0 ? encoded / 2 : -(encoded + 1) / 2, nextAt: startAt + index + 1 };
  }
  return undefined;
}
