/** The names of fields that the user writes after `--assume`: the end of a path, without indices. */
import type { Path } from './field-outcomes.ts';
import { type FieldTree, Policy } from './policy.ts';

/** All fields that the Kubernetes API does not have. Without strict decoding, the API server drops them. */
export const UNKNOWN_FIELDS = 'unknown-fields';

/** Whether the user's text names the field: its whole path or the end of it, with or without indices. */
export function isNamed(path: Path, text: string): boolean {
  const name = text.replaceAll(/\[\d*\]/g, '');
  return endsOf(keysOf(path)).some((end) => end === name);
}

/**
 * The shortest end of a path that no other field of these trees has, among those that may be refused.
 * @param path of a field in one of the trees
 */
export function shortestName(path: Path, trees: readonly FieldTree[]): string {
  const own = asOne(keysOf(path));
  const others = trees.flatMap((tree) => refusable(tree)).map(asOne);
  const taken = new Set(others.filter((other) => other.join('.') !== own.join('.')).flatMap(endsOf));
  return endsOf(own).find((end) => !taken.has(end)) ?? own.join('.');
}

/** `["postStart", "lifecycle.postStart", …]`: from the last key to the whole path. */
function endsOf(keys: readonly string[]): string[] {
  return keys.map((_, index) => keys.slice(index).join('.')).reverse();
}

function keysOf(path: Path): string[] {
  return path.filter((key) => typeof key === 'string');
}

/**
 * Fields that are assumed together count as one: those of a container and of an init container, and a label or an
 * annotation with the same key.
 */
function asOne(keys: readonly string[]): string[] {
  const [last = '', map = ''] = keys.toReversed();
  if (map === 'labels' || map === 'annotations') return ['metadata', last];
  return keys.map((key) => (key === 'initContainers' ? 'containers' : key));
}

/** The keys to each field with at least one refused value. */
function refusable(tree: FieldTree, keys: readonly string[] = []): string[][] {
  return Object.entries(tree).flatMap(([key, policy]) => {
    if (!(policy instanceof Policy)) return refusable(policy, [...keys, key]);
    const refuses = [policy, ...policy.exceptions].some(({ outcome }) => outcome === 'refused');
    return refuses ? [[...keys, key]] : [];
  });
}
