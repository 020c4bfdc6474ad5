/**
 * Patterns of paths, for shells and CI files that do not expand them: `*`, `?` and `[a-z]` within a name, as in kubectl,
 * and `**` for any folders.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../errors.ts';

export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

/**
 * Files and folders that match, by name. Names that begin with a dot match only a pattern that does.
 * @throws InputError for a range that runs backwards
 */
export function filesOfPattern(pattern: string): string[] {
  // Two of them in a row match what one does, and take much longer.
  const [first = '', ...rest] = pattern.replaceAll(/(\*\*\/)+/g, '**/').split('/');
  // An absolute path begins with an empty name.
  return first === '' ? below('/', rest) : below('', [first, ...rest]);
}

function below(folder: string, [name, ...rest]: readonly string[]): string[] {
  if (name === undefined) return [folder];
  if (name === '' || name === '.' || name === '..') return below(join(folder, name || '.'), rest);
  if (!isPattern(name)) return existsSync(join(folder, name)) ? below(join(folder, name), rest) : [];
  if (name === '**') {
    const folders = entriesOf(folder).filter((entry) => entry.isFolder && !/^\.|^node_modules$/.test(entry.name));
    return [...below(folder, rest), ...folders.flatMap(({ path }) => below(path, [name, ...rest]))];
  }
  const matches = matcher(name);
  return entriesOf(folder)
    .filter((entry) => matches(entry.name) && (rest.length === 0 || entry.isFolder || entry.isLink))
    .flatMap(({ path }) => below(path, rest));
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder || '.', { withFileTypes: true })
      .map((entry) => ({
        name: entry.name,
        path: join(folder, entry.name),
        isFolder: entry.isDirectory(),
        isLink: entry.isSymbolicLink(),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return []; // a pattern does not match in a folder that cannot be read
  }
}

/** For one name. A backslash takes the next character literally. */
function matcher(pattern: string): (name: string) => boolean {
  const source = pattern.replaceAll(/\\(.)|\[(\^?)([^\]]+)\]|[\s\S]/g, (character, literal, negated, set) => {
    if (literal !== undefined) return escaped(literal);
    if (set !== undefined) return `[${negated}${set.replaceAll(/[\\[]/g, String.raw`\$&`)}]`;
    if (character === '*') return '.*';
    return character === '?' ? '.' : escaped(character);
  });
  const expression = expressionOf(source, pattern);
  return (name) => expression.test(name) && (pattern.startsWith('.') || !name.startsWith('.'));
}

function expressionOf(source: string, pattern: string): RegExp {
  try {
    return new RegExp(`^${source}$`, 's');
  } catch (error) {
    throw new InputError(`${pattern}: not a pattern of file names`, { cause: error }); // as [z-a]
  }
}

function escaped(character: string): string {
  return character.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
