/** What reports call runtimes, servers and variants; trials have their names from src/results/trial-name.ts. */
import { printableName } from '../printable.ts';
import type { Run } from '../results/run.ts';
import { OWN } from '../results/trial-name.ts';
import { DIRECT } from '../trace/trace.ts';
import { otherThanRollout } from './change-words.ts';

const RUNTIME_NAMES = new Map([
  ['node', 'Node'],
  ['bun', 'Bun'],
  ['deno', 'Deno'],
]);

/** What was rolled, as trials and cells hold it. */
export interface Rolled {
  runtime: string;
  runtimeVersion?: string;
  /** Absent in results of a version that did not record it. */
  server?: string | undefined;
}

/** "node" → "Node"; a user's own server by its command or its workload; other names as they are. */
export function rolledName({ runtime, server }: Rolled): string {
  if (runtime === OWN) return server === undefined ? 'your server' : printableName(server);
  return RUNTIME_NAMES.get(runtime) ?? printableName(runtime);
}

/** The same with the version of a runtime, where that is known: "Node 26.10.0". */
export function rolledTitle(rolled: Rolled): string {
  if (rolled.runtime === OWN) return rolledName(rolled);
  return `${rolledName(rolled)} ${printableName(rolled.runtimeVersion ?? '')}`.trim();
}

/** "without-pre-stop" → "without pre stop"; of a user's own server "rollout" and "rollout with pre-stop + replicas". */
export function variantName(variant: string): string {
  if (variant === OWN) return 'rollout';
  const [own, ...fixes] = variant.split('+');
  return printableName(own === OWN ? `rollout with ${fixes.join(' + ')}` : variant.replaceAll('-', ' '));
}

/** A row of the matrix: the variant and the way to the pods, "valid" or "valid, behind nginx". */
export interface RowIdentity {
  variant: string;
  through?: string | undefined;
}

/** "behind nginx", or "without a gateway". */
export function wayInWords(through: string): string {
  return through === DIRECT ? 'without a gateway' : `behind ${printableName(through)}`;
}

export function rowName({ variant, through = DIRECT }: RowIdentity): string {
  return through === DIRECT ? variantName(variant) : `${variantName(variant)}, behind ${printableName(through)}`;
}

/** A cell of the matrix as a title: "valid on Node 26.10.0"; of a user's own server "node server.js, rollout". */
export function cellTitle(cell: Rolled & RowIdentity): string {
  const [rolled, variant] = [rolledTitle(cell), rowName(cell)];
  return cell.runtime === OWN ? `${rolled}, ${variant}` : `${variant} on ${rolled}`;
}

/** What a page or a summary of the run is called. */
export function pageTitle({ kind, trials }: Pick<Run, 'kind' | 'trials'>): string {
  const event = otherThanRollout(trials);
  if (kind === 'comparison') return `Requests broken by one ${event ?? 'rolling update'}`;
  const server = rolledName(trials[0] ?? { runtime: OWN });
  if (kind === 'find-fix') return `The smallest fix for ${server}`;
  return event === undefined ? `Requests broken by rollouts of ${server}` : `${server}, ${event}: broken requests`;
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
