/** Markup in which every value is escaped, built on hono's `html`. */

import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { printableLines } from '../printable.ts';

export type Markup = HtmlEscapedString;

/** A template. Its values are escaped unless they are markup themselves; lists are concatenated. */
export function markup(strings: TemplateStringsArray, ...values: unknown[]): Markup {
  const made = html(strings, ...values.map(fitForMarkup));
  if (made instanceof Promise) throw new TypeError('markup does not accept promises');
  return made;
}

/** Control characters are not well-formed in SVG, and of no use in HTML. */
function fitForMarkup(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fitForMarkup);
  return typeof value === 'string' ? printableLines(value) : value;
}

/** Marks text as markup that needs no escaping: a stylesheet, the numbers of a path. */
export const trusted = raw;
