/** Foreign text (names, values, paths, log lines, errors of others) made fit to be shown to people. */

/** In characters: what people read of a name, of a value, and of a line that is made of several. */
const LONGEST = { name: 100, value: 1000, line: 1500 };

/** Control characters, C1 ones too, and Unicode's own line ends. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/**
 * What is not seen but changes what is: bidirectional overrides, zero-width characters, tags, halves of surrogate pairs.
 * The selectors of a text or emoji style are harmless.
 */
const HIDDEN = /(?![\ufe0e\ufe0f])[\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

/** Colours and styles as picocolors sets them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of these
const STYLES = /(\u001b\[\d{1,2}m)/;

/** CONTROLS without tabs and line ends, for text of several lines. */
const CONTROLS_IN_LINES = /[^\P{Cc}\t\n]|[\p{Zl}\p{Zp}]/gu;

/**
 * In one line, without characters that command a terminal or deceive its reader, and cut in the middle where it is longer
 * than anyone reads. Line ends and control characters become a space, hidden characters U+FFFD.
 */
export function printable(text: string): string {
  return shortened(inOneLine(text), LONGEST.value);
}

/** The same for a name, which stands beside others: in a column of a table, in a list. */
export function printableName(text: string): string {
  return shortened(inOneLine(text), LONGEST.name);
}

/** The same for text of several lines, which stay lines and are not cut. */
export function printableLines(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(CONTROLS_IN_LINES, ' ').replaceAll(HIDDEN, '\ufffd');
}

/** A message that may have several lines, cut where it is longer than anyone reads. */
export function shortMessage(text: string): string {
  return shortened(text, LONGEST.line);
}

/** Every text in a value of plain data, printable; the keys stay. */
export function printableData<T>(value: T): T {
  return mapTexts(value, printable) as T;
}

/** A line of a log as CI systems keep it: printable, and no command to them. */
export function logLine(text: string): string {
  return withoutLogCommands(shortened(inOneLine(text), LONGEST.line));
}

/** Text for people that is put together already, with its lines and colours: the last look before it is written. */
export function screenText(text: string): string {
  const parts = text.split(STYLES);
  return withoutLogCommands(parts.map((part, index) => (index % 2 === 1 ? part : printableLines(part))).join(''));
}

/**
 * CI systems take commands from what a program prints: GitHub Actions a line that begins with `::`, even indented, and
 * `##[` anywhere; others `##vso[` and `##teamcity[`. A space breaks them.
 */
export function withoutLogCommands(text: string): string {
  return text.replaceAll(/^([^\S\n]*):(?=:)/gm, '$1: ').replaceAll(/##(?=\w*\[)/g, '# #');
}

/** For formats that can write any character in another way: what must not be shown as it is, as `written` has it. */
export function escapeUnsafe(text: string, written: (codePoint: number) => string): string {
  const escaped = (character: string) => written(character.codePointAt(0) ?? 0);
  return text.replaceAll(CONTROLS_IN_LINES, escaped).replaceAll(HIDDEN, escaped);
}

function inOneLine(text: string): string {
  return text.replaceAll(CONTROLS, ' ').replaceAll(HIDDEN, '\ufffd');
}

/** Both ends say more than the beginning alone: of a path the file, of an error what to do. */
function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const tail = Math.floor(longest / 3);
  // A cut within a surrogate pair leaves half of it.
  const [start, end] = [text.slice(0, longest - tail - 3), text.slice(-tail)];
  return `${start} … ${end}`.replaceAll(/\p{Cs}/gu, '');
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, map)]));
}
