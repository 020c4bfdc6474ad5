/** The space that a timeline is drawn in: its width, its margins and its time scale. */
import { scaleLinear } from 'd3-scale';
import { disruptionNoun } from '../../analysis/disruption-words.ts';
import type { Trace } from '../../trace/trace.ts';

export const WIDTH = 960;
/** Room for the names of pods and for figures. */
export const LEFT = 104;
export const RIGHT = 16;

/** At most this much time before the load is drawn, in ms: pods take long to start on some machines. */
const LEAD_MS = 1000;

export interface TimeWindow {
  /** On the trial's clock, in ms. */
  fromMs: number;
  toMs: number;
  /** The zero of the axis: the start of the rollout, or of the load in a control. */
  zeroMs: number;
}

export interface Frame extends TimeWindow {
  /** The x coordinate of a time, in px. Times outside the window are at its edges. */
  x(atMs: number): number;
  /** The labelled times of the axis. */
  ticks: { atMs: number; label: string }[];
  /** The time from zero, in s, with that many decimals. */
  seconds(atMs: number, decimals?: number): string;
}

/** The part of a trial that is drawn. */
export function timeWindow({ loadStartMs, loadStopMs, disruption }: Trace): TimeWindow {
  return {
    fromMs: loadStartMs - LEAD_MS,
    toMs: Math.max(loadStopMs, loadStartMs + 1),
    zeroMs: disruption?.atMs ?? loadStartMs,
  };
}

/** What the axis counts from, to follow "the": "rollout began". */
export function zeroInWords({ disruption }: Pick<Trace, 'disruption'>): string {
  return disruption === undefined ? 'beginning of the load' : `${disruptionNoun(disruption.kind)} began`;
}

/** A frame of at least `lengthMs`, so that pictures of several trials share a scale. */
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
