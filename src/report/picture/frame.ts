/** The space that a timeline is drawn in: its width, its margins and its scale of time. */
import { scaleLinear } from 'd3-scale';
import type { Trace } from '../../trace/trace.ts';

export const WIDTH = 960;
/** Room for pods' names and for figures. */
export const LEFT = 104;
export const RIGHT = 16;

/** What came before the load is not drawn longer than this, in ms: pods take long to start on some machines. */
const LEAD_MS = 1000;

export interface TimeWindow {
  /** On the trial's clock, in ms. */
  fromMs: number;
  toMs: number;
  /** What the axis counts from: the rollout, or in a control the beginning of the load. */
  zeroMs: number;
}

export interface Frame extends TimeWindow {
  /** The place of a time, in px; times outside the window are at its edges. */
  x(atMs: number): number;
  /** Times of the axis, each with its label. */
  ticks: { atMs: number; label: string }[];
  /** The tick's own distance from zero, in s, with the given decimals. */
  seconds(atMs: number, decimals?: number): string;
}

/** The part of a trial that is worth a picture. */
export function timeWindow({ loadStartMs, loadStopMs, disruption }: Trace): TimeWindow {
  return {
    fromMs: loadStartMs - LEAD_MS,
    toMs: Math.max(loadStopMs, loadStartMs + 1),
    zeroMs: disruption?.atMs ?? loadStartMs,
  };
}

/** A frame of at least `lengthMs`, so that trials side by side have one scale. */
export function frameOf(window: TimeWindow, lengthMs = 0): Frame {
  const { fromMs, zeroMs } = window;
  const toMs = Math.max(window.toMs, fromMs + lengthMs);
  const scale = scaleLinear()
    .domain([fromMs - zeroMs, toMs - zeroMs])
    .range([LEFT, WIDTH - RIGHT])
    .clamp(true);
  return {
    fromMs,
    toMs,
    zeroMs,
    x: (atMs) => px(scale(atMs - zeroMs)),
    ticks: scaleLinear()
      .domain([(fromMs - zeroMs) / 1000, (toMs - zeroMs) / 1000])
      .ticks(12)
      .map((seconds) => ({ atMs: zeroMs + seconds * 1000, label: `${seconds} s` })),
    seconds: (atMs, decimals = 2) => ((atMs - zeroMs) / 1000).toFixed(decimals).replace('-', '−'),
  };
}

/** To a tenth of a pixel. */
export function px(value: number): number {
  return Math.round(value * 10) / 10;
}
