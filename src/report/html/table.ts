/** A table that scrolls, also with the keyboard, if the page is too narrow. */
import { type Markup, markup } from '../markup.ts';

export function table(caption: string, head: readonly string[], rows: readonly Markup[]): Markup {
  return markup`<div class="scroll" tabindex="0" role="group" aria-label="${caption}"><table><caption>${caption}</caption><thead><tr>${head.map((name) => markup`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;
}
