/** JSON as text. */
import { escapeUnsafe } from '../printable.ts';
import { type Run, resultOf } from '../results/run.ts';

/** A run as `--json` prints it and `result.json` holds it, ending with a newline. */
export function resultJson(run: Run): string {
  return jsonText(resultOf(run));
}

/**
 * The value, ending with a newline. No text in it can command a terminal or a CI system that shows it: such characters are
 * escaped, which changes no value but that of half a surrogate pair; it becomes U+FFFD, as many parsers refuse it.
 */
export function jsonText(value: unknown): string {
  const json = JSON.stringify(value, null, 2)
    .replaceAll(/\\(?:\\|ud[89a-f][0-9a-f]{2})/g, (found) => (found === '\\\\' ? found : '\\ufffd'))
    .replaceAll(/##(?=\w*\[)/g, '#\\u0023');
  return `${escapeUnsafe(json, unicodeEscape)}\n`;
}

/** `\u` escapes, two of them above U+FFFF. */
function unicodeEscape(codePoint: number): string {
  const units = String.fromCodePoint(codePoint).split('');
  return units.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}
