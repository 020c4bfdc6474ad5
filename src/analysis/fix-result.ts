/** The result of a search for the smallest set of fixes, as results files hold it. */
import * as z from 'zod';
import { Count, listOf, MAX_TRIALS, Text } from '../trace/units.ts';
import { CHANGES, SERVER_CHANGES } from './changes.ts';

/** There are four fixes, so at most 16 sets. The rest is headroom. */
const MAX_LINES = 100;

export const FixResult = z.object({
  state: z
    .enum(['nothing-to-fix', 'found', 'not-found', 'invalid'])
    .describe('invalid: no trustworthy measurement of the control or of a set'),
  changes: listOf(z.object({ fix: Text, what: Text }), MAX_LINES).describe(
    'the smallest set that broke nothing; empty unless found',
  ),
  component: Text.nullable().describe('the changes as a kustomize component; null unless found'),
  untried: listOf(Text, MAX_LINES).describe('the fixes that were not tried, and why'),
  rest: listOf(
    z.object({ change: z.enum(CHANGES), what: Text, removes: Count.describe('failed requests of that set') }),
    MAX_LINES,
  ).describe('if no set was found: changes outside the manifest, taken from the set that came closest'),
  tried: listOf(
    z.object({
      set: listOf(Text, MAX_LINES),
      failed: listOf(Count, MAX_TRIALS).describe('failed requests of each valid rollout'),
      invalid: z.int().min(0).max(MAX_TRIALS).describe('invalid rollouts'),
      refused: Text.optional().describe('why the API server would refuse it'),
    }),
    MAX_LINES,
  ),
});
export type FixResult = z.infer<typeof FixResult>;

/** No set of changes to the manifest is enough, and everything that is left to change is in the server. */
export function onlyServerIsLeft({ state, rest }: Pick<FixResult, 'state' | 'rest'>): boolean {
  return state === 'not-found' && rest.length > 0 && rest.every(({ change }) => SERVER_CHANGES.includes(change));
}
