/**
 * The matrix at the top of the page: a row per variant, a column per runtime, and in each cell a link to its trials.
 */
import type { CellIdentity } from '../../analysis/cells.ts';
import type { TrialResult } from '../../analysis/result.ts';
import { largest } from '../../extremes.ts';
import { cellName } from '../../results/trial-name.ts';
import { count, percent, rate, seconds } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { anchor, cellTitle, rolledName, rowName } from '../names.ts';
import { type Cell, matrix } from '../summary.ts';
import { swatch } from './swatch.ts';

export function matrixTable(trials: readonly TrialResult[]): Markup {
  const { columns, rows } = matrix(trials);
  const most = largest(
    rows.flatMap(({ cells }) => cells.map((cell) => cell?.failed ?? 0)),
    1,
  );
  const head = columns.map(
    (column) => markup`<th scope="col">${rolledName(column)} <small>${column.runtimeVersion}</small></th>`,
  );
  const body = rows.map(
    ({ cells, ...row }) =>
      markup`<tr><th scope="row">${rowName(row)}</th>${cells.map((cell) => matrixCell(cell, most))}</tr>`,
  );
  return markup`<div class="scroll" tabindex="0" role="group" aria-label="Broken requests by variant and runtime"><table class="matrix">
<caption class="vh">Broken requests of each variant on each runtime</caption>
<thead><tr><th scope="col">variant</th>${head}</tr></thead>
<tbody>
${body}
</tbody></table></div>`;
}

/** The id of the section that shows the trials of a cell. */
export function cellId(cell: CellIdentity): string {
  return anchor(cellName(cell));
}

function matrixCell(cell: Cell | undefined, most: number): Markup {
  if (!cell) return markup`<td class="none">–</td>`;
  const of = markup`<span class="vh"> broken requests, ${cellTitle({ ...cell, runtimeVersion: '' })}</span>`;
  const link = markup`<a class="figure" href="#${cellId(cell)}">${count(cell.failed)}${of}</a>`;
  if (cell.failed === 0) {
    return markup`<td class="clean">${link}<p>of ${count(cell.exposed)}, at most ${percent(cell.failedUpperBound)}</p>${invalidBadge(cell)}</td>`;
  }
  const perPod = cell.podsReplaced > 1 ? `, ${rate(cell.failed / cell.podsReplaced)} per pod` : '';
  const outage = cell.longestOutageMs > 0 ? markup`<li>outage ${seconds(cell.longestOutageMs)}</li>` : '';
  const causes = cell.causes.map(({ id, name, failed }) => markup`<li>${swatch(id)} ${name} ${count(failed)}</li>`);
  return markup`<td class="broke">${link}<p>broken${perPod}</p>${bar(cell, most)}<ul>${causes}${outage}</ul>${invalidBadge(cell)}</td>`;
}

/** Its length is the cell's number of broken requests relative to the worst cell. The figures are next to it. */
function bar({ causes }: Cell, most: number): Markup {
  let x = 0;
  const parts = causes.map(({ id, failed }) => {
    const width = Math.max(0.5, Math.round((failed / most) * 1000) / 10);
    const part = markup`<rect class="c-${id}" x="${x}" width="${width}" height="4"/>`;
    x = Math.round((x + width) * 10) / 10;
    return part;
  });
  return markup`<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`;
}

/** Says how many trials of a cell are invalid. */
export function invalidBadge({ invalid, repeats }: Pick<Cell, 'invalid' | 'repeats'>): Markup {
  if (invalid === 0) return markup``;
  return markup`<p class="badge">${invalid === repeats ? 'invalid' : `${count(invalid)} of ${count(repeats)} invalid`}</p>`;
}
