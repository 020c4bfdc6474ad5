/** Finds places in a parsed YAML document: of a field, and of keys that are written twice. */
import { type Document, isAlias, isMap, isNode, isPair, isScalar, isSeq, type Pair, visit } from 'yaml';
import type { FieldPath } from './yaml-documents.ts';

/** A key that its mapping already has, by the offsets of both in the text. */
export interface RepeatedKey {
  key: string;
  path: FieldPath;
  firstOffset: number;
  offset: number;
}

export function repeatedKeys(document: Document.Parsed): RepeatedKey[] {
  const repeated: RepeatedKey[] = [];
  visit(document, {
    Map(_, map, ancestors) {
      const { items } = map;
      const seen = new Map<string, number>();
      for (const { key } of items) {
        if (!isScalar(key) || isMerge(key)) continue;
        const offset = key.range?.[0] ?? 0;
        // As in JSON, where 1 and "1" are the same key.
        const name = String(key.value);
        const firstOffset = seen.get(name);
        if (firstOffset === undefined) seen.set(name, offset);
        else repeated.push({ key: name, path: [...pathOf([...ancestors, map]), name], firstOffset, offset });
      }
    },
  });
  return repeated;
}

/** @param nodes from the document down to a node */
function pathOf(nodes: readonly unknown[]): (string | number)[] {
  return nodes.flatMap((node, index): (string | number)[] => {
    const next = nodes[index + 1];
    if (isPair(node)) return [isScalar(node.key) ? String(node.key.value) : ''];
    return isSeq(node) && next !== undefined ? [node.items.indexOf(next)] : [];
  });
}

/**
 * The offset of a field's key or of a list item; if the field is absent, of its nearest parent. Of keys that are written
 * twice the last one counts, and a merged key (`<<`) is found where it is written.
 */
export function offsetOf(document: Document.Parsed, path: FieldPath): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = pairOf(document, node, key);
      if (!pair || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof key === 'number') {
      node = node.items[key];
      offset = isNode(node) ? (node.range?.[0] ?? offset) : offset;
    } else break;
  }
  return offset;
}

/** @param visited mappings, because many merges may lead to the same one */
function pairOf(
  document: Document.Parsed,
  node: unknown,
  key: string | number,
  visited = new Set<unknown>(),
): Pair | undefined {
  const map = isAlias(node) ? node.resolve(document) : node;
  if (!isMap(map) || visited.has(map)) return undefined;
  visited.add(map);
  const own = map.items.findLast((pair) => isScalar(pair.key) && String(pair.key.value) === key);
  if (own) return own;
  for (const { key: candidate, value } of map.items) {
    if (!isScalar(candidate) || !isMerge(candidate)) continue;
    for (const source of isSeq(value) ? value.items : [value]) {
      const merged = pairOf(document, source, key, visited);
      if (merged) return merged;
    }
  }
  return undefined;
}

function isMerge({ value, type }: { value: unknown; type?: unknown }): boolean {
  return typeof value === 'symbol' || (value === '<<' && type === 'PLAIN');
}
