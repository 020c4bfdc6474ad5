/** The mark of a cause, next to its name. */
import { type CauseId, causeById } from '../../analysis/causes.ts';
import { type Markup, markup, trusted } from '../markup.ts';
import { markPath } from '../picture/palette.ts';

/** The mark alone. It is hidden from screen readers, because the name of the cause is next to it. */
export function swatch(id: CauseId): Markup {
  return markup`<svg class="swatch c-${id}" viewBox="0 0 10 10" aria-hidden="true"><path d="${trusted(markPath(id, 8, [[1, 1]]))}"/></svg>`;
}

/** "▪ too few replicas" */
export function causeLabel(id: CauseId): Markup {
  return markup`<span class="cause">${swatch(id)} ${causeById(id).name}</span>`;
}
