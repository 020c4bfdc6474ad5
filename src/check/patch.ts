/** Strategic merge patches: small ones for the rules, and all patches of an object merged. */
import { yamlText } from '../yaml-text.ts';
import type { ObjectIdentity } from './identity.ts';
import type { WorkloadContainer } from './workload.ts';

/** Changes one container, or one native sidecar, of the pod template. */
export function containerPatch({ container, list }: WorkloadContainer, change: object): object {
  return podPatch({ [list]: [{ name: container.name, ...change }] });
}

/** Changes the pod template's spec. */
export function podPatch(change: object): object {
  return { spec: { template: { spec: change } } };
}

/** A patch that kubectl and kustomize accept. */
export function patchText({ apiVersion, kind, name, namespace }: ObjectIdentity, patch: object): string {
  const metadata = { name, ...(namespace !== undefined && { namespace }) };
  return yamlText({ apiVersion, kind, metadata, ...patch }).trimEnd();
}

type Mapping = Record<string, unknown>;

/**
 * Merges patches: mappings merge, lists of named items merge by name, and of several values the last one wins,
 * including null, which removes a field. In linear time, because an object may have thousands of containers.
 */
export function mergePatches(patches: readonly unknown[]): unknown {
  const given = patches.filter((patch) => patch !== undefined);
  if (given.length < 2) return given[0];
  if (given.every(isNamedList)) {
    return [...grouped(given.flat().map((item) => [item.name, item]))].map(([, items]) => mergePatches(items));
  }
  if (given.every(isMapping)) {
    const fields = grouped(given.flatMap((patch) => Object.entries(patch)));
    return Object.fromEntries([...fields].map(([key, values]) => [String(key), mergePatches(values)]));
  }
  return given.at(-1);
}

/** Groups entries by key, with keys and values in their original order. */
function grouped<T>(entries: readonly (readonly [unknown, T])[]): Map<unknown, T[]> {
  const groups = new Map<unknown, T[]>();
  for (const [key, value] of entries) {
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNamedList(value: unknown): value is Mapping[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isMapping(item) && 'name' in item);
}
