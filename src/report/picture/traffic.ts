/**
 * The answered requests by start time: those of old pods at the bottom, those of new pods on top. Without requests, the
 * sessions that were open.
 */
import { largest } from '../../extremes.ts';
import type { Trace } from '../../trace/trace.ts';
import { BUCKET_MS } from '../../trace/units.ts';
import { type Markup, markup, trusted } from '../markup.ts';
import { type Frame, LEFT, px, RIGHT, WIDTH } from './frame.ts';
import type { Drawing } from './lanes.ts';

const HEIGHT = 56;
/** More bars than this would be narrower than about two pixels. */
const MAX_BARS = 480;

export interface Traffic extends Drawing {
  /** Width of a bar, in ms. */
  barMs: number;
}

/** From `top` down. A bar is 100 ms wide, or a multiple of that for a long trial. */
export function traffic(trace: Trace, frame: Frame, top: number): Traffic {
  const barMs = barWidthMs(frame.toMs - frame.fromMs);
  const onlySessions = trace.load.successes.length === 0 && trace.load.sessions !== undefined;
  const bars = onlySessions ? openSessions(trace, frame, barMs) : answered(trace, frame, barMs);
  const highest = largest(
    bars.map(([old, fresh]) => old + fresh),
    1,
  );
  const bottom = top + HEIGHT;
  const scale = (value: number) => px((value / highest) * HEIGHT);
  const [what, when] = onlySessions ? ['sessions', 'open'] : ['answered', `per ${duration(barMs)}`];
  const label = onlySessions
    ? `Sessions open, at most ${highest}`
    : `Requests answered per ${duration(barMs)}, at most ${highest}`;
  const outline = (values: readonly number[]) => steps(values, frame, barMs, bottom, scale);
  return {
    barMs,
    height: HEIGHT,
    markup: markup`<g role="img" aria-label="${label}"><title>${label}</title><text class="name" x="${LEFT - 10}" y="${top + 8}">max ${highest}</text><text class="name dim" x="${LEFT - 10}" y="${top + 24}">${what}</text><text class="name dim" x="${LEFT - 10}" y="${top + 38}">${when}</text><path class="new" d="${outline(bars.map(([old, fresh]) => old + fresh))}"/><path class="old" d="${outline(bars.map(([old]) => old))}"/><path class="axis" d="M${LEFT} ${bottom}H${WIDTH - RIGHT}"/></g>`,
  };
}

/** The smallest of 100 ms, 200 ms, 500 ms, 1 s, … with which the trial fits. */
export function barWidthMs(lengthMs: number): number {
  for (let decade = BUCKET_MS; ; decade *= 10) {
    for (const step of [1, 2, 5]) if (lengthMs / (decade * step) <= MAX_BARS) return decade * step;
  }
}

/** "100 ms", "2 s" */
export function duration(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}

/** Per bar: how many requests old pods answered, and how many new or unknown pods. */
function answered({ cluster, load }: Trace, frame: Frame, barMs: number): [old: number, fresh: number][] {
  const old = new Set(cluster.pods.filter((pod) => pod.generation === 'old').map((pod) => pod.uid));
  const first = Math.floor(frame.fromMs / barMs);
  const length = Math.ceil(frame.toMs / barMs) - first;
  const bars = Array.from({ length }, (): [number, number] => [0, 0]);
  for (const { pod, bucket, count } of load.successes) {
    const bar = bars[Math.floor((bucket * BUCKET_MS) / barMs) - first];
    if (bar) bar[old.has(pod) ? 0 : 1] += count;
  }
  return bars;
}

/** Per bar: how many sessions were open at its beginning on old pods, and how many on new or unknown pods. */
function openSessions(
  { cluster, load, loadStopMs }: Trace,
  frame: Frame,
  barMs: number,
): [old: number, fresh: number][] {
  const old = new Set(cluster.pods.filter((pod) => pod.generation === 'old').map((pod) => pod.uid));
  const first = Math.floor(frame.fromMs / barMs);
  const length = Math.ceil(frame.toMs / barMs) - first;
  const bars = Array.from({ length: length + 1 }, (): [number, number] => [0, 0]);
  const barAfter = (ms: number) =>
    bars[Math.min(Math.max(Math.ceil(ms / barMs) - first, 0), length)] as [number, number];
  // At first only the changes from bar to bar.
  for (const { pod, openedMs, endedMs = loadStopMs } of load.sessions?.opened ?? []) {
    const side = old.has(pod) ? 0 : 1;
    barAfter(openedMs)[side]++;
    barAfter(endedMs)[side]--;
  }
  for (let index = 1; index < bars.length; index++) {
    const [before, bar] = [bars[index - 1], bars[index]] as [[number, number], [number, number]];
    bar[0] += before[0];
    bar[1] += before[1];
  }
  return bars.slice(0, length);
}

/** The outline of bars without gaps. Relative coordinates keep it short. */
function steps(
  values: readonly number[],
  frame: Frame,
  barMs: number,
  bottom: number,
  scale: (value: number) => number,
): Markup {
  const first = Math.floor(frame.fromMs / barMs) * barMs;
  let x = frame.x(first);
  let height = 0;
  let path = `M${x} ${bottom}`;
  let wide = 0;
  values.forEach((value, index) => {
    const next = frame.x(first + (index + 1) * barMs);
    const rise = px(height - scale(value));
    if (rise !== 0) {
      path += `${wide > 0 ? `h${px(wide)}` : ''}v${rise}`;
      wide = 0;
      height = scale(value);
    }
    wide += next - x;
    x = next;
  });
  return trusted(`${path}h${px(wide)}V${bottom}z`);
}
