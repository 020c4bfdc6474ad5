/** Makes text from outside (names, values, paths, log lines, errors) safe to show to people. */

/** The longest name, value, and line made of several of them that is shown in full, in characters. */
const LONGEST = { name: 100, value: 1000, line: 1500 };

/** Control characters, including C1, and Unicode's line separators. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/**
 * Invisible characters that change how others look: bidirectional overrides, zero-width characters, tags, unpaired
 * surrogates. The selectors of text and emoji style are harmless.
 */
const HIDDEN = /(?![\ufe0e\ufe0f])[\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

/** Colours and styles as picocolors sets them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of these
const STYLES = /(\u001b\[\d{1,2}m)/;

/** CONTROLS without tabs and line breaks, for text of several lines. */
const CONTROLS_IN_LINES = /[^\P{Cc}\t\n]|[\p{Zl}\p{Zp}]/gu;

/**
 * The text in one line, without characters that control a terminal or deceive the reader, and shortened in the middle
 * if it is long. Line breaks and control characters become a space, hidden characters U+FFFD.
 */
export function printable(text: string): string {
  return shortened(inOneLine(text), LONGEST.value);
}

/** The same for a name, which is shorter because it appears next to others: in a table column, in a list. */
export function printableName(text: string): string {
  return shortened(inOneLine(text), LONGEST.name);
}

/** The same for text of several lines. Line breaks are kept, and nothing is shortened. */
export function printableLines(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(CONTROLS_IN_LINES, ' ').replaceAll(HIDDEN, '\ufffd');
}

/** A message, possibly of several lines, shortened in the middle if it is long. */
export function shortMessage(text: string): string {
  return shortened(text, LONGEST.line);
}

/** Plain data with every string made printable. Keys are unchanged. */
export function printableData<T>(value: T): T {
  return mapTexts(value, printable) as T;
}

/** A line for the log of a CI system: printable, and not a command to that system. */
export function logLine(text: string): string {
  return withoutLogCommands(shortened(inOneLine(text), LONGEST.line));
}

/** The final filter for complete text, with lines and colours, before it is written. */
export function screenText(text: string): string {
  const parts = text.split(STYLES);
  return withoutLogCommands(parts.map((part, index) => (index % 2 === 1 ? part : printableLines(part))).join(''));
}

/**
 * CI systems execute commands in the output of programs: GitHub Actions lines that begin with `::`, even indented, and
 * `##[` anywhere; others `##vso[` and `##teamcity[`. An inserted space disables them.
 */
export function withoutLogCommands(text: string): string {
  return text.replaceAll(/^([^\S\n]*):(?=:)/gm, '$1: ').replaceAll(/##(?=\w*\[)/g, '# #');
}

/** For formats with escapes: replaces every unsafe character with the escape that `written` returns. */
export function escapeUnsafe(text: string, written: (codePoint: number) => string): string {
  const escaped = (character: string) => written(character.codePointAt(0) ?? 0);
  return text.replaceAll(CONTROLS_IN_LINES, escaped).replaceAll(HIDDEN, escaped);
}

function inOneLine(text: string): string {
  return text.replaceAll(CONTROLS, ' ').replaceAll(HIDDEN, '\ufffd');
}

/** Keeps both ends, because the end matters too: the file name in a path, the advice in an error. */
function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const tail = Math.floor(longest / 3);
  // A cut within a surrogate pair leaves half of it, which is removed.
  const [start, end] = [text.slice(0, longest - tail - 3), text.slice(-tail)];
  return `${start} … ${end}`.replaceAll(/\p{Cs}/gu, '');
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, map)]));
}
