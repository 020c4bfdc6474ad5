/** XML with foreign text in it. */
import { create } from 'xmlbuilder2';
import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js';
import { printableLines } from '../printable.ts';

type Attributes = Record<string, string | number>;

/** A root element of this name. */
export function xmlRoot(name: string, attributes: Attributes): XMLBuilder {
  return element(create({ version: '1.0', encoding: 'UTF-8' }), name, attributes);
}

/** A new child. XML has no way to write most control characters: they are replaced in every text. */
export function element(parent: XMLBuilder, name: string, attributes: Attributes, text?: string): XMLBuilder {
  const texts = Object.entries(attributes).map(([key, value]) => [key, xmlSafe(String(value))]);
  const child = parent.ele(name, Object.fromEntries(texts));
  return text === undefined ? child : child.txt(xmlSafe(text));
}

/** The library takes `&x;` in a text for a reference and leaves it as it is. */
function xmlSafe(text: string): string {
  return printableLines(text).replaceAll('&', '&amp;');
}

/** The document, ending with a newline, without a line that a CI system takes for a command. */
export function xmlText(root: XMLBuilder): string {
  return `${withoutCommandsInMarkup(root.end({ prettyPrint: true }))}\n`;
}

/** As `withoutLogCommands`, by character references, which change no text. */
export function withoutCommandsInMarkup(markup: string): string {
  return markup.replaceAll(/^([^\S\n]*):(?=:)/gm, '$1&#58;').replaceAll(/#(?=#\w*\[)/g, '&#35;');
}
