/** What `run --find-fix` found, for the terminal: the changes first, then how to make them, then what was tried. */
import Table from 'cli-table3';
import type { FixResult } from '../analysis/fix-result.ts';
import { colorsFor } from './terminal.ts';

/**
 * Words, the changes, and a table, ending with a newline.
 * @param flags the changes as flags, where the deployment came from flags
 */
export function renderFoundFix(fix: FixResult, flags: string | undefined, colors = colorsFor(process.stdout)): string {
  const lines = [colored(fix, colors), ''];
  for (const { what } of fix.changes) lines.push(`  ${what}`);
  if (fix.changes.length > 0) lines.push('', ...howTo(fix, flags), '');
  lines.push(...fix.untried.map((text) => `Not tried: ${text}.`), triedTable(fix));
  return `${lines.join('\n')}\n`;
}

/** What came of the search, in a line without its end. */
export function fixHeadline({ state, changes, tried }: FixResult): string {
  if (state === 'invalid') return 'INVALID: the measurement cannot be trusted, so no fix was searched to the end';
  if (state === 'nothing-to-fix') return 'OK: as it is, no rollout broke more requests than allowed';
  if (state === 'not-found') return 'NOT FOUND: no set of the fixes that could be tried stops it';
  const names = changes.map(({ fix }) => fix).sort();
  const proof = tried.find(({ set }) => set.length === names.length && [...set].sort().join() === names.join());
  const held = proof?.failed.length ?? 0;
  const rollouts = held === 1 ? '1 rollout' : `${held} rollouts`;
  const size = changes.length === 1 ? 'this change' : `these ${changes.length} changes together`;
  return `FOUND: ${size} held in ${rollouts}, and no smaller set did`;
}

/** Each set that was tried, with the requests that each of its rollouts broke. */
export function triedRows({ tried }: FixResult): [set: string, outcome: string][] {
  return tried.map(({ set, failed, invalid, refused }) => {
    const outcomes = [...failed.map(String), ...Array<string>(invalid).fill('invalid')].join(', ');
    return [set.length === 0 ? 'as it is' : set.join(' + '), refused ? `refused: ${refused}` : outcomes];
  });
}

export const TRIED_HEAD = ['tried', 'failed in each rollout'];
export const COMPONENT_USE = 'As a kustomize component (fix/kustomization.yaml; list it with "components: [fix]"):';

function colored(fix: FixResult, colors: ReturnType<typeof colorsFor>): string {
  const color = {
    invalid: colors.yellow,
    'not-found': colors.red,
    found: colors.green,
    'nothing-to-fix': colors.green,
  };
  return color[fix.state](fixHeadline(fix));
}

function howTo({ component }: FixResult, flags: string | undefined): string[] {
  if (flags !== undefined) return [`As flags: ${flags}`];
  return [COMPONENT_USE, '', ...(component ?? '').trimEnd().split('\n')];
}

function triedTable(fix: FixResult): string {
  const table = new Table({ head: TRIED_HEAD, style: { head: [], border: [], compact: true } });
  table.push(...triedRows(fix));
  return table.toString();
}
