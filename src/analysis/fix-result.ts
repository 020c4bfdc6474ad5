/** What a search for the smallest set of fixes came to, as results hold it. */
import { z } from 'zod';
import { CHANGES, SERVER_CHANGES } from './changes.ts';

const Count = z.int().min(0);

export const FixResult = z.object({
  state: z
    .enum(['nothing-to-fix', 'found', 'not-found', 'invalid'])
    .describe('invalid: the control or a set could not be measured in a way that can be trusted'),
  changes: z
    .array(z.object({ fix: z.string(), what: z.string() }))
    .describe('the smallest set that broke nothing; empty unless found'),
  component: z.string().nullable().describe('the changes as a kustomize component; null unless found'),
  untried: z.array(z.string()).describe('why each of the four fixes that was not tried was not'),
  rest: z
    .array(
      z.object({ change: z.enum(CHANGES), what: z.string(), removes: Count.describe('failed requests of the set') }),
    )
    .describe('where no set was found: changes that are not made in the manifest, by the set that came closest'),
  tried: z.array(
    z.object({
      set: z.array(z.string()),
      failed: z.array(Count).describe('failed requests of each valid rollout'),
      invalid: Count.describe('rollouts that could not be trusted'),
      refused: z.string().optional().describe('why the API server would not take it'),
    }),
  ),
});
export type FixResult = z.infer<typeof FixResult>;

/** No set of changes to the manifest is enough, and what is left to change is known to be in the server. */
export function onlyServerIsLeft({ state, rest }: Pick<FixResult, 'state' | 'rest'>): boolean {
  return state === 'not-found' && rest.length > 0 && rest.every(({ change }) => SERVER_CHANGES.includes(change));
}
