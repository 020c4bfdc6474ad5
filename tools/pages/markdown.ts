/** The pieces that generated pages have in common. */

export const GENERATED = '<!-- Written by `npm run docs`; change the source it is written from. -->';

/** Blocks with an empty line between them, and a line end. */
export function paragraphs(blocks: readonly string[]): string {
  return `${blocks.join('\n\n')}\n`;
}
