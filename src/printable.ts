/** Text out of a manifest, for messages. */

/** In one line, and without characters that command a terminal: names and values may hold any. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}
