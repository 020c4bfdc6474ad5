/** Splits a stream of JSON objects that follow each other without a separator, as kubectl reads them. */

/**
 * The offsets at which the objects begin; empty if the text is not such a stream. An object that is not JSON ends where
 * its brackets are closed.
 */
export function jsonObjectStarts(text: string): number[] {
  if (!/^\s*\{/.test(text)) return [];
  const starts: number[] = [];
  let depth = 0;
  // Strings are tokens of their own, because they may contain brackets.
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\\n]|\\.)*"|[{}[\]]|[^\s{}[\]"]+/g)) {
    if (depth === 0) {
      if (token !== '{') return [];
      starts.push(index);
    }
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
  }
  return starts;
}
