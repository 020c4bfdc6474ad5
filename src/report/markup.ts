/** Markup with everything in it escaped, by hono's `html`. */

import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { printableLines } from '../printable.ts';

export type Markup = HtmlEscapedString;

/** A template whose values are escaped unless they are markup themselves; lists are put one after the other. */
export function markup(strings: TemplateStringsArray, ...values: unknown[]): Markup {
  const made = html(strings, ...values.map(fitForMarkup));
  if (made instanceof Promise) throw new TypeError('markup takes no promises');
  return made;
}

/** Control characters are not well-formed in SVG, and nothing that a reader should see in HTML. */
function fitForMarkup(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fitForMarkup);
  return typeof value === 'string' ? printableLines(value) : value;
}

/** Text that is markup already: a stylesheet, a path of numbers. */
export const trusted = raw;
