/** Numbers as people read them. */

const integers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 12345 → "12,345" */
export function count(value: number): string {
  return integers.format(value);
}

/** A share as a percentage with two significant digits: 0.00123 → "0.12 %". */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}

/** Seconds with one decimal: 1234 → "1.2 s". */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** A rate per something, with one decimal below 100. */
export function rate(value: number): string {
  return value < 100 ? value.toFixed(1) : integers.format(value);
}
