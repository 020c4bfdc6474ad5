/** Standalone picture files that a README can show, with their own style, background and namespace. */
import { CAUSE_IDS, causeById } from '../../analysis/causes.ts';
import { largest } from '../../extremes.ts';
import type { Run } from '../../results/run.ts';
import type { Trace } from '../../trace/trace.ts';
import { count, counted, percent } from '../format.ts';
import { type Markup, markup, trusted } from '../markup.ts';
import { cellTitle, pageTitle, rolledTitle, rowName } from '../names.ts';
import { type Cell, matrix } from '../summary.ts';
import { withoutCommandsInMarkup } from '../xml.ts';
import { LEFT, WIDTH } from './frame.ts';
import { markPath } from './palette.ts';
import { PICTURE_CSS, THEME_CSS } from './picture-style.ts';
import { timeline } from './timeline.ts';

const MARGIN = 16;
const HEAD = 40;
const ROW = 54;
const FIRST_COLUMN = 220;
const MARK_PX = 8;
const LEGEND_ROW = 20;
const LEGEND_COLUMNS = 4;

const OWN_CSS = `
svg .background{fill:var(--page)}
svg .title{font-size:14px;font-weight:650}
svg .head{font-size:13px;font-weight:600}
svg .value{font-size:18px;font-weight:650}
svg .clean{fill:var(--good)}
.lane .times,.hint{display:none}
`;

/** The timeline of one trial, titled with its variant, runtime and number of broken requests. */
export function timelinePicture(trace: Trace): string {
  const { svg } = timeline(trace);
  const height = Number(/viewBox="0 0 \d+ (\d+)"/.exec(svg)?.[1]);
  const causes = CAUSE_IDS.filter((id) => svg.includes(`class="c-${id}"`));
  const legendY = HEAD + height + 8;
  const inner = svg.replace('<svg ', `<svg x="0" y="${HEAD}" width="${WIDTH}" height="${height}" `);
  const title = `${cellTitle(trace.trial)}: ${counted(trace.load.failures.length, 'broken request')}`;
  return picture(
    title,
    legendY + (causes.length > 0 ? LEGEND_ROW + 8 : 0),
    markup`<text class="title" x="${LEFT}" y="26">${title}</text>${trusted(inner)}${legend(causes, LEFT, legendY)}`,
  );
}

/** The matrix of runtimes and variants. */
export function matrixPicture(run: Pick<Run, 'kind' | 'trials'>): string {
  const { trials } = run;
  const { columns, rows } = matrix(trials);
  const column = (WIDTH - FIRST_COLUMN - 2 * MARGIN) / Math.max(1, columns.length);
  const x = (index: number) => MARGIN + FIRST_COLUMN + index * column;
  const most = largest(
    rows.flatMap(({ cells }) => cells.map((cell) => cell?.failed ?? 0)),
    1,
  );
  const causes = CAUSE_IDS.filter((id) => trials.some((trial) => trial.causes[id] > 0));
  const head = columns.map(
    (shown, index) => markup`<text class="head" x="${x(index)}" y="26">${rolledTitle(shown)}</text>`,
  );
  const body = rows.map(({ cells, ...row }, index) => {
    const y = HEAD + index * ROW;
    const drawn = cells.map((cell, place) => (cell ? cellPicture(cell, x(place), y, column - 28, most) : ''));
    return markup`<path class="grid" d="M${MARGIN} ${y}H${WIDTH - MARGIN}"/><text class="head" x="${MARGIN}" y="${y + 26}">${rowName(row)}</text>${drawn}`;
  });
  const legendY = HEAD + rows.length * ROW + 12;
  const height = legendY + Math.ceil(causes.length / LEGEND_COLUMNS) * LEGEND_ROW + 8;
  const title = pageTitle(run);
  return picture(title, height, markup`${head}${body}${legend(causes, MARGIN, legendY)}`);
}

function cellPicture(cell: Cell, x: number, y: number, width: number, most: number): Markup {
  const invalid = cell.invalid === 0 ? '' : ', invalid';
  if (cell.failed === 0) {
    return markup`<text class="value clean" x="${x}" y="${y + 24}">0</text><text class="dim" x="${x}" y="${y + 42}">of ${count(cell.exposed)}, at most ${percent(cell.failedUpperBound)}${invalid}</text>`;
  }
  let at = x;
  const parts = cell.causes.map(({ id, failed }) => {
    const part = Math.max(1, (failed / most) * width);
    const rect = markup`<rect class="c-${id}" x="${at.toFixed(1)}" y="${y + 31}" width="${part.toFixed(1)}" height="4"/>`;
    at += part;
    return rect;
  });
  let markX = x + 62;
  const marks = cell.causes.map(({ id, failed }) => {
    const text = count(failed);
    const mark = markup`${causeMark(id, markX, y + 15)}<text x="${markX + 12}" y="${y + 23}">${text}</text>`;
    markX += 24 + text.length * 7;
    return mark;
  });
  return markup`<text class="value" x="${x}" y="${y + 24}">${count(cell.failed)}</text>${marks}${parts}${invalid ? markup`<text class="dim" x="${x}" y="${y + 47}">invalid</text>` : ''}`;
}

function legend(causes: readonly (typeof CAUSE_IDS)[number][], x: number, y: number): Markup {
  const width = (WIDTH - x - MARGIN) / LEGEND_COLUMNS;
  const items = causes.map((id, index) => {
    const left = x + (index % LEGEND_COLUMNS) * width;
    const top = y + Math.floor(index / LEGEND_COLUMNS) * LEGEND_ROW;
    return markup`${causeMark(id, left, top)}<text x="${left + 14}" y="${top + 8}">${causeById(id).name}</text>`;
  });
  return markup`<g>${items}</g>`;
}

function causeMark(id: (typeof CAUSE_IDS)[number], x: number, y: number): Markup {
  return markup`<path class="c-${id}" d="${trusted(markPath(id, MARK_PX, [[x, y]]))}"/>`;
}

function picture(title: string, height: number, content: Markup): string {
  const svg = markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${Math.ceil(height)}" width="${WIDTH}" height="${Math.ceil(height)}" role="img" aria-label="${title}"><title>${title}</title><style>${trusted(THEME_CSS + PICTURE_CSS + OWN_CSS)}</style><rect class="background" width="${WIDTH}" height="${Math.ceil(height)}" rx="6"/>${content}</svg>
`;
  return withoutCommandsInMarkup(svg.toString());
}
