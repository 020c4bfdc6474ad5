/** The patches that fix findings, as text. */
import type { Finding } from '../check/finding.ts';
import { nameOf, type ObjectIdentity } from '../check/identity.ts';
import { mergePatches, patchText } from '../check/patch.ts';
import { printable, printableName } from '../printable.ts';

/** A patch with a longer line is not printed at all: a truncated patch would be a different patch. */
const LONGEST_PATCH_LINE = 500;

/** More patches than this are printed only on request. One patch always is. */
const MOST_LINES = 40;

/** One patch per object, for its errors and warnings. Infos are left to the reader. */
export function patchLines(findings: readonly Finding[], dim: (text: string) => string, all: boolean): string[] {
  const patches = [...byObject(findings).values()].map(({ object, patches }) => {
    const what = `Patch for ${nameOf({ kind: printable(object.kind), name: printableName(object.name) })} (kubectl patch or kustomize)`;
    const lines = patchText(object, mergePatches(patches) as object).split('\n');
    if (lines.some(({ length }) => length > LONGEST_PATCH_LINE)) {
      return [dim(`${what}: too long to print here; see --format json.`)];
    }
    return [dim(`${what}:`), ...lines.map((line) => `    ${line}`)];
  });
  const count = patches.reduce((sum, lines) => sum + lines.length, 0);
  if (!all && patches.length > 1 && count > MOST_LINES) {
    return [`Patches for ${patches.length} objects: --all prints them, and --format json has them.`];
  }
  return patches.map((lines) => lines.join('\n'));
}

function byObject(findings: readonly Finding[]) {
  const objects = new Map<string, { object: ObjectIdentity; patches: object[] }>();
  for (const { severity, object, patch } of findings) {
    if (!object || !patch || severity === 'info') continue;
    const key = [object.kind, object.namespace, object.name].join('/');
    const others = objects.get(key);
    if (others) others.patches.push(patch);
    else objects.set(key, { object, patches: [patch] });
  }
  return objects;
}
