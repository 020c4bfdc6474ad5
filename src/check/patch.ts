/** Strategic merge patches: small ones of the rules, and all of an object's put together. */
import type { CheckedContainer } from './objects.ts';

/** A change of one container of the pod template. */
export function containerPatch({ name }: CheckedContainer, change: object): object {
  return podPatch({ containers: [{ name, ...change }] });
}

/** A change of the pod template's spec. */
export function podPatch(change: object): object {
  return { spec: { template: { spec: change } } };
}

type Mapping = Record<string, unknown>;

/** Both changes: mappings merge, lists of named items merge by name, and of two values the second counts. */
export function mergePatches(first: unknown, second: unknown): unknown {
  if (isNamedList(first) && isNamedList(second)) {
    const names = [...new Set([...first, ...second].map(({ name }) => name))];
    return names.map((name) => {
      const of = (list: Mapping[]) => list.find((item) => item.name === name);
      return mergePatches(of(first), of(second));
    });
  }
  if (!isMapping(first) || !isMapping(second)) return second ?? first;
  const keys = [...new Set([...Object.keys(first), ...Object.keys(second)])];
  return Object.fromEntries(
    keys.map((key) => [key, key in second ? mergePatches(first[key], second[key]) : first[key]]),
  );
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNamedList(value: unknown): value is Mapping[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isMapping(item) && 'name' in item);
}
