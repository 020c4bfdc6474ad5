/** Markup with everything in it escaped, by hono's `html`. */

import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

export type Markup = HtmlEscapedString;

/** A template whose values are escaped unless they are markup themselves; lists are put one after the other. */
export function markup(strings: TemplateStringsArray, ...values: unknown[]): Markup {
  const made = html(strings, ...values);
  if (made instanceof Promise) throw new TypeError('markup takes no promises');
  return made;
}

/** Text that is markup already: a stylesheet, a path of numbers. */
export const trusted = raw;
