/** What `run --find-fix` found, for the terminal: the changes first, then how to make them, then what was tried. */
import Table from 'cli-table3';
import type { FixResult } from '../analysis/fix-result.ts';
import { colorsFor } from './terminal.ts';

/**
 * Words, the changes, and a table, ending with a newline.
 * @param flags the changes as flags, where the deployment came from flags
 */
export function renderFoundFix(fix: FixResult, flags: string | undefined, colors = colorsFor(process.stdout)): string {
  const lines = [headline(fix, colors), ''];
  for (const { what } of fix.changes) lines.push(`  ${what}`);
  if (fix.changes.length > 0) lines.push('', ...howTo(fix, flags), '');
  lines.push(...fix.untried.map((text) => `Not tried: ${text}.`), triedTable(fix));
  return `${lines.join('\n')}\n`;
}

function headline({ state, changes, tried }: FixResult, colors: ReturnType<typeof colorsFor>): string {
  if (state === 'invalid')
    return colors.yellow('INVALID: the measurement cannot be trusted, so no fix was searched to the end');
  if (state === 'nothing-to-fix') return colors.green('OK: as it is, no rollout broke more requests than allowed');
  if (state === 'not-found') return colors.red('NOT FOUND: no set of the fixes that could be tried stops it');
  const names = changes.map(({ fix }) => fix).sort();
  const proof = tried.find(({ set }) => set.length === names.length && [...set].sort().join() === names.join());
  const rollouts = `${proof?.failed.length ?? 0} rollouts`;
  const size = changes.length === 1 ? 'this change' : `these ${changes.length} changes together`;
  return colors.green(`FOUND: ${size} held in ${rollouts}, and no smaller set did`);
}

function howTo({ component }: FixResult, flags: string | undefined): string[] {
  if (flags !== undefined) return [`As flags: ${flags}`];
  return [
    'As a kustomize component (fix/kustomization.yaml; list it with "components: [fix]"):',
    '',
    ...(component ?? '').trimEnd().split('\n'),
  ];
}

function triedTable({ tried }: FixResult): string {
  const table = new Table({
    head: ['tried', 'failed in each rollout'],
    style: { head: [], border: [], compact: true },
  });
  for (const { set, failed, invalid, refused } of tried) {
    const outcomes = [...failed.map(String), ...Array<string>(invalid).fill('invalid')].join(', ');
    table.push([set.length === 0 ? 'as it is' : set.join(' + '), refused ? `refused: ${refused}` : outcomes]);
  }
  return table.toString();
}
