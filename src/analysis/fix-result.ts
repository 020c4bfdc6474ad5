/** What a search for the smallest set of fixes came to, as results hold it. */
import * as z from 'zod';
import { Count, listOf, MAX_TRIALS, Text } from '../trace/units.ts';
import { CHANGES, SERVER_CHANGES } from './changes.ts';

/** There are four fixes, so at most 16 sets of them; a few more lines about each do no harm. */
const MAX_LINES = 100;

export const FixResult = z.object({
  state: z
    .enum(['nothing-to-fix', 'found', 'not-found', 'invalid'])
    .describe('invalid: the control or a set could not be measured in a way that can be trusted'),
  changes: listOf(z.object({ fix: Text, what: Text }), MAX_LINES).describe(
    'the smallest set that broke nothing; empty unless found',
  ),
  component: Text.nullable().describe('the changes as a kustomize component; null unless found'),
  untried: listOf(Text, MAX_LINES).describe('why each of the four fixes that was not tried was not'),
  rest: listOf(
    z.object({ change: z.enum(CHANGES), what: Text, removes: Count.describe('failed requests of the set') }),
    MAX_LINES,
  ).describe('where no set was found: changes that are not made in the manifest, by the set that came closest'),
  tried: listOf(
    z.object({
      set: listOf(Text, MAX_LINES),
      failed: listOf(Count, MAX_TRIALS).describe('failed requests of each valid rollout'),
      invalid: z.int().min(0).max(MAX_TRIALS).describe('rollouts that could not be trusted'),
      refused: Text.optional().describe('why the API server would not take it'),
    }),
    MAX_LINES,
  ),
});
export type FixResult = z.infer<typeof FixResult>;

/** No set of changes to the manifest is enough, and what is left to change is known to be in the server. */
export function onlyServerIsLeft({ state, rest }: Pick<FixResult, 'state' | 'rest'>): boolean {
  return state === 'not-found' && rest.length > 0 && rest.every(({ change }) => SERVER_CHANGES.includes(change));
}
