/** The result of `run --find-fix` for the terminal: the changes first, then how to make them, then what was tried. */
import Table from 'cli-table3';
import type { FixResult } from '../analysis/fix-result.ts';
import { printable, printableName } from '../printable.ts';
import type { Judgement } from '../results/judge.ts';
import type { Run } from '../results/run.ts';
import { assumptionLines } from './assumptions.ts';
import { count } from './format.ts';
import { headline } from './headline.ts';
import { assumptionNotes } from './notes.ts';
import { problemLines } from './own-service.ts';
import { colorsFor, moodColor } from './terminal.ts';

/**
 * The headline, the changes and a table of what was tried. Ends with a newline.
 * @param flags the changes as flags, if the deployment came from flags
 */
export function renderFoundFix(
  run: Pick<Run, 'kind' | 'trials' | 'fix'>,
  judgement: Judgement,
  flags: string | undefined,
  colors = colorsFor(process.stdout),
): string {
  const { text, mood } = headline(run, judgement);
  const lines = [moodColor(mood, colors)(text), ...assumptionLines(run.trials), ''];
  if (judgement.state === 'invalid') lines.push(...problemLines(judgement.complaints), '');
  const { fix } = run;
  if (fix) {
    const untried = untriedLines(fix).map((line) => `${line}.`);
    lines.push(...changeLines(fix, flags), ...restLines(fix), ...untried, triedTable(fix));
  }
  lines.push(...assumptionNotes(run.trials));
  return `${lines.join('\n').trimEnd()}\n`;
}

/** Why the others of the four fixes were not tried. Left out if there is nothing to fix. */
export function untriedLines({ state, untried }: FixResult): string[] {
  return state === 'nothing-to-fix' ? [] : untried.map((text) => `Not tried: ${text}`);
}

/** Changes outside the manifest, if no set was found. The one that removes most comes first. */
export function restInWords({ rest }: FixResult): string[] {
  return rest.map(({ what, removes }) => `${count(removes)} of the remaining failures: ${what}`);
}

function restLines(fix: FixResult): string[] {
  const lines = restInWords(fix);
  return lines.length === 0 ? [] : [...lines.map((line) => `  ${line}`), ''];
}

/** At most this many outcomes of a set are shown; result.json has all. */
const MAX_OUTCOMES = 40;

/** Each set that was tried, with the number of requests that each of its rollouts broke. */
export function triedRows({ tried }: FixResult): [set: string, outcome: string][] {
  return tried.map(({ set, failed, invalid, refused }) => {
    const outcomes = [...failed.map(String), ...Array<string>(invalid).fill('invalid')];
    const more = outcomes.length - MAX_OUTCOMES;
    const shown = [...outcomes.slice(0, MAX_OUTCOMES), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
    const name = printableName(set.length === 0 ? 'unchanged' : set.join(' + '));
    return [name, printable(refused ? `refused: ${refused}` : shown)];
  });
}

export const TRIED_HEAD = ['tried', 'failed in each rollout'];
export const COMPONENT_USE = 'As a kustomize component (fix/kustomization.yaml; list it with "components: [fix]"):';

function changeLines(fix: FixResult, flags: string | undefined): string[] {
  if (fix.changes.length === 0) return [];
  return [...fix.changes.map(({ what }) => `  ${what}`), '', ...howTo(fix, flags), ''];
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
