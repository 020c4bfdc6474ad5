/** How reports call runtimes, variants and trials. */

const RUNTIME_NAMES: Record<string, string> = { node: 'Node', bun: 'Bun', deno: 'Deno' };

/** "node" → "Node"; other names as they are. */
export function runtimeName(runtime: string): string {
  return RUNTIME_NAMES[runtime] ?? runtime;
}

/** "without-pre-stop" → "without pre stop" */
export function variantName(variant: string): string {
  return variant.replaceAll('-', ' ');
}

/** A trial as the overlay it rolled, "valid-node", with the number of its repeat from the second on. */
export function trialName({ runtime, variant, repeat }: { runtime: string; variant: string; repeat: number }): string {
  // A user's own service is not one runtime of several.
  const name = runtime === 'own' ? variant : `${variant}-${runtime}`;
  return `${name}${repeat > 0 ? `-${repeat + 1}` : ''}`;
}

/** A text as an id within a page: no two of ours become the same. */
export function anchor(text: string): string {
  return text.replaceAll(/[^\w.-]/g, '_');
}

/** Names without the beginning that all of them share: "app-old-1", "app-new-2" → "old-1", "new-2". */
export function shortNames(names: readonly string[]): Map<string, string> {
  const first = names[0] ?? '';
  let length = 0;
  for (let end = first.indexOf('-') + 1; end > 0; end = first.indexOf('-', end) + 1) {
    if (!names.every((name) => name.startsWith(first.slice(0, end)) && name.length > end)) break;
    length = end;
  }
  return new Map(names.map((name) => [name, names.length > 1 ? name.slice(length) : name]));
}
