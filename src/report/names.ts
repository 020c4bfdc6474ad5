/** How reports call runtimes and variants; trials have their names from src/results/trial-name.ts. */
import { printableName } from '../printable.ts';
import { OWN } from '../results/trial-name.ts';

const RUNTIME_NAMES = new Map([
  ['node', 'Node'],
  ['bun', 'Bun'],
  ['deno', 'Deno'],
  [OWN, 'your server'],
]);

/** "node" → "Node"; other names as they are. */
export function runtimeName(runtime: string): string {
  return RUNTIME_NAMES.get(runtime) ?? printableName(runtime);
}

/** "without-pre-stop" → "without pre stop"; of a user's own server "rollout" and "rollout with pre-stop + replicas". */
export function variantName(variant: string): string {
  if (variant === OWN) return 'rollout';
  const [own, ...fixes] = variant.split('+');
  return printableName(own === OWN ? `rollout with ${fixes.join(' + ')}` : variant.replaceAll('-', ' '));
}

/** A cell of the matrix as a title: "valid on Node 26.10.0"; of a user's own server "rollout". */
export function cellTitle(cell: { runtime: string; variant: string; runtimeVersion?: string }): string {
  const { runtime, variant, runtimeVersion = '' } = cell;
  if (runtime === OWN) return variantName(variant);
  return `${variantName(variant)} on ${runtimeName(runtime)} ${printableName(runtimeVersion)}`.trim();
}

/** A text as an id within a page: no two of ours become the same. */
export function anchor(text: string): string {
  return text.replaceAll(/[^\w.-]/g, '_');
}

/** Names without the beginning that all of them share: "app-old-1", "app-new-2" → "old-1", "new-2". */
export function shortNames(names: readonly string[]): Map<string, string> {
  const first = names[0] ?? '';
  let shared = first.length;
  for (const name of names) {
    // Each keeps a character at least.
    shared = Math.min(shared, name.length - 1);
    for (let index = 0; index < shared; index++) if (name[index] !== first[index]) shared = index;
  }
  const length = shared > 0 ? first.lastIndexOf('-', shared - 1) + 1 : 0;
  return new Map(names.map((name) => [name, names.length > 1 ? name.slice(length) : name]));
}
