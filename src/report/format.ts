/** Formats numbers for people to read. */

const integers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 12345 → "12,345" */
export function count(value: number): string {
  return integers.format(value);
}

/** "1 pod", "2 pods", "1,234 requests"; `plural` if it is not the word plus s. */
export function counted(value: number, word: string, plural = `${word}s`): string {
  return `${count(value)} ${value === 1 ? word : plural}`;
}

/** A share as a percentage with two significant digits: 0.00123 → "0.12 %". */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}

/** Seconds with one decimal: 1234 → "1.2 s". */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Seconds with two decimals, for times that are mostly below one: 23.5 → "0.02 s". */
export function preciseSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** Seconds with only as many decimals as needed, two at most: 30 → "30 s", 0.0235 → "0.02 s". */
export function shortSeconds(seconds: number): string {
  if (seconds > 0 && seconds < 0.01) return 'less than 0.01 s';
  return `${Number(seconds.toFixed(2))} s`;
}

/** A rate per something, with one decimal below 100. */
export function rate(value: number): string {
  return value < 100 ? value.toFixed(1) : integers.format(value);
}
