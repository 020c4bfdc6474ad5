/** One lane per pod: the stages of its timeline as a bar, with a sign for each event. */
import { MOMENT_NAMES, type Moment, podMoments, stageSpans } from '../../analysis/moments.ts';
import { type PodTimeline, podTimeline } from '../../analysis/pod-timeline.ts';
import { largest } from '../../extremes.ts';
import { trialName } from '../../results/trial-name.ts';
import type { Trace } from '../../trace/trace.ts';
import { type Markup, markup } from '../markup.ts';
import { anchor, shortNames } from '../names.ts';
import { type Frame, LEFT, px, zeroInWords } from './frame.ts';
import { BAR_HALF, GLYPHS, LANE_HALF } from './glyphs.ts';

/** If there are more routers than this, the times at which they dropped an endpoint are given as a range. */
const MAX_ROUTERS_NAMED = 3;
const SEPARATOR = ' · ';
/** Fits the width even in a wide font. */
const READOUT_CHARACTERS = 140;
const READOUT_LINE = 15;

export interface Drawing {
  markup: Markup;
  /** In px. */
  height: number;
}

/** The lanes from `top` down, old pods first, and below them room for the times of the pod under the pointer. */
export function lanes(trace: Trace, frame: Frame, top: number): Drawing {
  const pods = podsInOrder(trace);
  const short = shortNames(pods.map((pod) => pod.name));
  const readoutY = top + pods.length * 2 * LANE_HALF + 14;
  const readouts = pods.map((pod) => {
    const name = short.get(pod.name) ?? pod.name;
    return { name, lines: wrapped(`${name}: ${timesInWords(podMoments(pod, trace), frame)}`) };
  });
  const drawn = pods.map((pod, index) => {
    const y = top + LANE_HALF + index * 2 * LANE_HALF;
    return lane(pod, readouts[index] ?? { name: pod.name, lines: [] }, trace, frame, y, readoutY);
  });
  const mostLines = largest(
    readouts.map(({ lines }) => lines.length),
    1,
  );
  return {
    markup: markup`<g class="lanes">${drawn}<text class="hint" x="${LEFT}" y="${readoutY}">Point at a pod, or move to it with Tab, to read its times (seconds after the ${zeroInWords(trace)}).</text></g>`,
    height: readoutY + 4 + (mostLines - 1) * READOUT_LINE - top,
  };
}

/** Old pods before new ones, each group by creation time. */
export function podsInOrder({ cluster }: Trace): PodTimeline[] {
  const old = (pod: PodTimeline) => Number(pod.generation !== 'old');
  return cluster.pods.map(podTimeline).sort((a, b) => old(a) - old(b) || a.createdMs - b.createdMs);
}

/** "deletion requested 1.02 · SIGTERM 6.03": everything known about a pod, in s from the frame's zero. */
export function timesInWords(moments: readonly Moment[], frame: Frame): string {
  const removals = moments.filter((moment) => moment.id === 'endpoint-removed');
  const range =
    removals.length > MAX_ROUTERS_NAMED
      ? `endpoint removed from ${removals.length} routers ${frame.seconds(removals[0]?.atMs ?? 0)} to ${frame.seconds(removals.at(-1)?.atMs ?? 0)}`
      : undefined;
  const parts = moments.flatMap((moment) => {
    if (moment.id === 'endpoint-removed' && range !== undefined) return moment === removals[0] ? [range] : [];
    return [`${momentInWords(moment)} ${frame.seconds(moment.atMs)}`];
  });
  return parts.join(SEPARATOR);
}

/** "removed from node1", "exit SIGKILL" */
export function momentInWords({ id, detail }: Moment): string {
  if (detail === undefined) return MOMENT_NAMES[id];
  return id === 'endpoint-removed' ? `removed from ${detail}` : `${MOMENT_NAMES[id]} ${detail}`;
}

/** Wraps the text between two events, to fit the width of the picture. */
function wrapped(text: string): string[] {
  const lines = [''];
  for (const part of text.split(SEPARATOR)) {
    const line = lines.at(-1) as string;
    if (line === '') lines[lines.length - 1] = part;
    else if (line.length + part.length <= READOUT_CHARACTERS) lines[lines.length - 1] += `${SEPARATOR}${part}`;
    else lines.push(part);
  }
  return lines;
}

interface Readout {
  name: string;
  lines: readonly string[];
}

function lane(
  pod: PodTimeline,
  { name, lines }: Readout,
  trace: Trace,
  frame: Frame,
  y: number,
  readoutY: number,
): Markup {
  const moments = podMoments(pod, trace);
  const id = anchor(`${trialName(trace.trial)}.${name}`);
  const bars = stageSpans(pod, trace.loadStopMs).map(({ stage, fromMs, toMs }) => {
    const x = frame.x(fromMs);
    const width = px(frame.x(toMs) - x);
    return width > 0
      ? markup`<path class="b ${stage}" d="M${x} ${y - BAR_HALF}h${width}v${2 * BAR_HALF}h${-width}z"/>`
      : '';
  });
  const signs = GLYPHS.flatMap((glyph) =>
    moments
      .filter((moment) => moment.id === glyph.id && moment.atMs >= frame.fromMs && moment.atMs <= trace.loadStopMs)
      .map(
        (moment) =>
          markup`<g><title>${momentInWords(moment)}, ${frame.seconds(moment.atMs)} s</title>${glyph.draw(frame.x(moment.atMs), y)}</g>`,
      ),
  );
  const readout = lines.map(
    (line, index) =>
      markup`<tspan x="${LEFT}" y="${readoutY + index * READOUT_LINE}">${line}${index < lines.length - 1 ? SEPARATOR : ''}</tspan>`,
  );
  return markup`<g class="lane" tabindex="0" role="img" aria-labelledby="${id}"><path class="hit" d="M0 ${y - LANE_HALF}h960v${2 * LANE_HALF}h-960z"/><text class="name" x="${LEFT - 10}" y="${y + 4}">${name}</text><path class="rail" d="M${LEFT} ${y}H944"/>${bars}${signs}<text class="times" id="${id}">${readout}</text></g>`;
}
