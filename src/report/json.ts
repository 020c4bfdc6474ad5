/** Values as JSON text. */
import { escapeUnsafe } from '../printable.ts';
import { type Run, resultOf } from '../results/run.ts';

/** A run in the format of `--json` and `result.json`, ending with a newline. */
export function resultJson(run: Run): string {
  return jsonText(resultOf(run));
}

/**
 * The value as JSON, ending with a newline. Characters that could control a terminal, or a CI system that shows the
 * text, are escaped. This changes no value except an unpaired surrogate, which becomes U+FFFD, because many parsers
 * refuse it.
 */
export function jsonText(value: unknown): string {
  const json = JSON.stringify(value, null, 2)
    .replaceAll(/\\(?:\\|ud[89a-f][0-9a-f]{2})/g, (found) => (found === '\\\\' ? found : '\\ufffd'))
    .replaceAll(/##(?=\w*\[)/g, '#\\u0023');
  return `${escapeUnsafe(json, unicodeEscape)}\n`;
}

/** `\u` escapes; two of them for a code point above U+FFFF. */
function unicodeEscape(codePoint: number): string {
  const units = String.fromCodePoint(codePoint).split('');
  return units.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}
