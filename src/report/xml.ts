/** XML that contains text from outside. */
import { create } from 'xmlbuilder2';
import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js';
import { printableLines } from '../printable.ts';

type Attributes = Record<string, string | number>;

/** A new document with this root element. */
export function xmlRoot(name: string, attributes: Attributes): XMLBuilder {
  return element(create({ version: '1.0', encoding: 'UTF-8' }), name, attributes);
}

/** Adds a child element. XML cannot represent most control characters, so they are replaced. */
export function element(parent: XMLBuilder, name: string, attributes: Attributes, text?: string): XMLBuilder {
  const texts = Object.entries(attributes).map(([key, value]) => [key, xmlSafe(String(value))]);
  const child = parent.ele(name, Object.fromEntries(texts));
  return text === undefined ? child : child.txt(xmlSafe(text));
}

/** The library leaves `&x;` in a text unescaped, because it takes it for an entity reference. */
function xmlSafe(text: string): string {
  return printableLines(text).replaceAll('&', '&amp;');
}

/** The document, ending with a newline. No line of it looks like a command to a CI system. */
export function xmlText(root: XMLBuilder): string {
  return `${withoutCommandsInMarkup(root.end({ prettyPrint: true }))}\n`;
}

/** Does what `withoutLogCommands` does, with character references, so that the text stays the same. */
export function withoutCommandsInMarkup(markup: string): string {
  return markup.replaceAll(/^([^\S\n]*):(?=:)/gm, '$1&#58;').replaceAll(/#(?=#\w*\[)/g, '&#35;');
}
