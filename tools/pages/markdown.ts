/** Helpers for generated pages. */

export const GENERATED = '<!-- Written by `npm run docs`; change the source it is written from. -->';

/** Blocks separated by empty lines, with a newline at the end. */
export function paragraphs(blocks: readonly string[]): string {
  return `${blocks.join('\n\n')}\n`;
}
