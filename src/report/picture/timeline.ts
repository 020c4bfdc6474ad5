/** The picture of one trial: its pods, the answered requests and the broken ones, on one time axis. */
import { disruptionNoun } from '../../analysis/disruption-words.ts';
import type { Trace } from '../../trace/trace.ts';
import { type Markup, markup } from '../markup.ts';
import { cellTitle } from '../names.ts';
import { type Frame, frameOf, LEFT, timeWindow, WIDTH } from './frame.ts';
import { lanes } from './lanes.ts';
import { marks, marksNote } from './marks.ts';
import { traffic } from './traffic.ts';

const LANES_TOP = 22;
const GAP = 14;
const AXIS = 22;

export interface Timeline {
  svg: Markup;
  /** A note that explains the marks. Absent if nothing broke. */
  note?: string;
}

/** An SVG without its own style, to be embedded in a page. `lengthMs` as in `frameOf`. */
export function timeline(trace: Trace, lengthMs?: number): Timeline {
  const frame = frameOf(timeWindow(trace), lengthMs);
  const pods = lanes(trace, frame, LANES_TOP);
  const answered = traffic(trace, frame, LANES_TOP + pods.height + GAP);
  const axisY = LANES_TOP + pods.height + GAP + answered.height;
  const broken = marks(trace, frame, axisY + AXIS + 4);
  const height = Math.ceil(axisY + AXIS + 4 + broken.height + 4);
  const { runtime, server, variant, through } = trace.trial;
  return {
    svg: markup`<svg class="timeline" viewBox="0 0 ${WIDTH} ${height}" role="group" aria-label="Timeline of ${cellTitle({ runtime, server, variant, through })}">${grid(trace, frame, height, axisY)}${pods.markup}${answered.markup}${broken.markup}</svg>`,
    ...(trace.load.failures.length > 0 ? { note: marksNote(broken.perMark) } : {}),
  };
}

function grid(trace: Trace, frame: Frame, height: number, axisY: number): Markup {
  // The line leaves out the axis labels, and ends above them if there are no marks below.
  const below = trace.load.failures.length > 0 ? `m0 ${AXIS - 3}V${height}` : '';
  const ticks = frame.ticks.map(({ atMs, label }) => {
    const x = frame.x(atMs);
    return markup`<path class="grid" d="M${x} ${LANES_TOP}V${axisY}${below}"/><text class="tick" x="${x}" y="${axisY + 15}">${label.replace('-', '−')}</text>`;
  });
  const zero = frame.x(frame.zeroMs);
  const rollout =
    trace.disruption === undefined
      ? ''
      : markup`<path class="zero" d="M${zero} ${LANES_TOP - 6}V${axisY}${below}"/><text class="zerolabel" x="${zero + 4}" y="${LANES_TOP - 9}">${disruptionNoun(trace.disruption.kind)} begins</text>`;
  const leadX = frame.x(trace.loadStartMs);
  return markup`<g aria-hidden="true"><path class="before" d="M${LEFT} ${LANES_TOP}H${leadX}V${axisY}H${LEFT}z"/>${ticks}${rollout}</g>`;
}
