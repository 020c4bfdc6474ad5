/** The section about a search for the smallest fix. */
import type { FixResult } from '../../analysis/fix-result.ts';
import { COMPONENT_USE, restInWords, TRIED_HEAD, triedRows, untriedLines } from '../found-fix.ts';
import { type Markup, markup } from '../markup.ts';
import { table } from './table.ts';

export function fixSection(fix: FixResult): Markup {
  const list = (items: readonly string[]) =>
    items.length === 0 ? '' : markup`<ul>${items.map((item) => markup`<li>${item}</li>`)}</ul>`;
  return markup`<section class="fix" aria-labelledby="fix">
<h2 id="fix">The smallest fix</h2>
${list(fix.changes.map(({ what }) => what))}
${fix.component === null ? '' : markup`<p class="note">${COMPONENT_USE}</p><pre tabindex="0">${fix.component}</pre>`}
${list(restInWords(fix))}
${list(untriedLines(fix))}
${table(
  'Every set that was tried',
  TRIED_HEAD,
  triedRows(fix).map(([set, outcome]) => markup`<tr><th scope="row">${set}</th><td>${outcome}</td></tr>`),
)}
</section>
`;
}
