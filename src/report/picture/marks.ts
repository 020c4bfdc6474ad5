/**
 * The broken requests: one mark each, in columns by start time, with the colour and shape of their cause. A session is
 * drawn where it was cut, because it may have been opened long before.
 */
import { causesOf } from '../../analysis/attribution.ts';
import { CAUSE_IDS, type CauseId, causeById } from '../../analysis/causes.ts';
import { wasOpenSession } from '../../analysis/held-sessions.ts';
import { historyOf } from '../../analysis/history.ts';
import type { FailedRequest } from '../../trace/load-record.ts';
import type { Trace } from '../../trace/trace.ts';
import { BUCKET_MS } from '../../trace/units.ts';
import { count } from '../format.ts';
import { type Markup, markup, trusted } from '../markup.ts';
import { type Frame, LEFT, px } from './frame.ts';
import type { Drawing } from './lanes.ts';
import { markPath } from './palette.ts';

const MAX_HEIGHT = 132;
const MIN_COLUMN_PX = 12;
/** Sizes of a mark including the gap around it. The first that fits is used. */
const CELLS_PX = [7, 6, 5, 4, 3.4];
const GAP_PX = 0.8;

export interface Marks extends Drawing {
  /** How many broken requests one mark stands for: 1 if all of them fit. */
  perMark: number;
}

interface Column {
  fromMs: number;
  byCause: Map<CauseId, FailedRequest[]>;
}

/** From `top` down. The height is 0 if nothing broke. */
export function marks(trace: Trace, frame: Frame, top: number): Marks {
  const { failures } = trace.load;
  if (failures.length === 0) return { markup: markup``, height: 0, perMark: 1 };
  const columnMs = columnWidthMs(frame);
  const widthPx = frame.x(frame.fromMs + columnMs) - LEFT;
  const columns = inColumns(trace, frame, columnMs);
  const most = columns.reduce((largest, column) => Math.max(largest, size(column)), 0);
  const { cellPx, perMark } = packing(most, widthPx);
  const label = `${count(failures.length)} broken requests, ${inWords(columns)}`;
  const drawn = columns.map((column) => drawColumn(column, { frame, columnMs, widthPx, cellPx, perMark, top }));
  const rows = Math.ceil(Math.ceil(most / perMark + CAUSE_IDS.length * Number(perMark > 1)) / perRow(widthPx, cellPx));
  return {
    markup: markup`<g tabindex="0" role="img" aria-label="${label}"><text class="name" x="${LEFT - 10}" y="${top + 9}">${count(failures.length)}</text><text class="name dim" x="${LEFT - 10}" y="${top + 24}">broken</text>${drawn}</g>`,
    height: Math.max(28, px(rows * cellPx)),
    perMark,
  };
}

/**
 * The size of the marks with which the highest column fits, and how many requests a mark stands for if there are too
 * many.
 */
export function packing(most: number, widthPx: number): { cellPx: number; perMark: number } {
  const room = (cellPx: number) => perRow(widthPx, cellPx) * Math.floor(MAX_HEIGHT / cellPx);
  const fits = CELLS_PX.find((cellPx) => most <= room(cellPx));
  if (fits !== undefined) return { cellPx: fits, perMark: 1 };
  const smallest = CELLS_PX.at(-1) as number;
  // The number of marks is rounded up for each cause of a column, which needs some room.
  return { cellPx: smallest, perMark: Math.ceil(most / (room(smallest) - CAUSE_IDS.length)) };
}

function perRow(widthPx: number, cellPx: number): number {
  return Math.max(1, Math.floor(widthPx / cellPx));
}

/** The narrowest of 100 ms, 200 ms, 500 ms, … that has room for a mark. */
function columnWidthMs(frame: Frame): number {
  const perMs = (frame.x(frame.toMs) - LEFT) / (frame.toMs - frame.fromMs);
  for (let decade = BUCKET_MS; ; decade *= 10) {
    for (const step of [1, 2, 5]) if (decade * step * perMs >= MIN_COLUMN_PX) return decade * step;
  }
}

function inColumns(trace: Trace, frame: Frame, columnMs: number): Column[] {
  const columns = new Map<number, Column>();
  const causes = causesOf(trace);
  const { sessions } = historyOf(trace);
  for (const [index, request] of trace.load.failures.entries()) {
    const { startedMs, endedMs } = request;
    // Requests outside the picture are drawn at its edge.
    const atMs = Math.min(Math.max(wasOpenSession(request, sessions) ? endedMs : startedMs, frame.fromMs), frame.toMs);
    const fromMs = Math.floor(atMs / columnMs) * columnMs;
    const column = columns.get(fromMs) ?? { fromMs, byCause: new Map() };
    columns.set(fromMs, column);
    const cause = causes[index] as CauseId;
    const same = column.byCause.get(cause);
    if (same) same.push(request);
    else column.byCause.set(cause, [request]);
  }
  return [...columns.values()].sort((a, b) => a.fromMs - b.fromMs);
}

function size({ byCause }: Column): number {
  return [...byCause.values()].reduce((sum, requests) => sum + requests.length, 0);
}

interface Layout {
  frame: Frame;
  columnMs: number;
  widthPx: number;
  cellPx: number;
  perMark: number;
  top: number;
}

function drawColumn({ fromMs, byCause }: Column, layout: Layout): Markup[] {
  const { frame, columnMs, widthPx, cellPx, perMark, top } = layout;
  const columns = perRow(widthPx, cellPx);
  const left = frame.x(fromMs) + (widthPx - columns * cellPx) / 2;
  let place = 0;
  return CAUSE_IDS.filter((id) => byCause.has(id)).map((id) => {
    const requests = byCause.get(id) ?? [];
    const corners: [number, number][] = [];
    for (let i = 0; i < Math.ceil(requests.length / perMark); i++, place++) {
      corners.push([left + (place % columns) * cellPx, top + Math.floor(place / columns) * cellPx]);
    }
    const title = `${requests.length} × ${causeById(id).name}, started ${frame.seconds(fromMs, 1)} to ${frame.seconds(fromMs + columnMs, 1)} s: ${kinds(requests)}`;
    return markup`<path class="c-${id}" d="${trusted(markPath(id, cellPx - GAP_PX, corners))}"><title>${title}</title></path>`;
  });
}

/** "40 fresh connect ECONNREFUSED, 2 reused wait closed": what clients saw, the three most common kinds. */
function kinds(requests: readonly FailedRequest[]): string {
  const counts = new Map<string, number>();
  for (const { client } of requests) {
    const { connection, phase, error } = client;
    const kind = `${connection} ${phase} ${error}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const named = sorted.slice(0, 3).map(([kind, seen]) => (sorted.length > 1 ? `${seen} ${kind}` : kind));
  return `${named.join(', ')}${sorted.length > named.length ? ', …' : ''}`;
}

function inWords(columns: readonly Column[]): string {
  const total = (id: CauseId) => columns.reduce((sum, column) => sum + (column.byCause.get(id)?.length ?? 0), 0);
  return CAUSE_IDS.map((id) => ({ id, failed: total(id) }))
    .filter(({ failed }) => failed > 0)
    .map(({ id, failed }) => `${count(failed)} by ${causeById(id).name}`)
    .join(', ');
}

/** A note below the picture that explains its marks. */
export function marksNote(perMark: number): string {
  return perMark === 1
    ? 'Each mark is one broken request.'
    : `Each mark stands for up to ${count(perMark)} broken requests.`;
}
