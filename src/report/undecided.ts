/** What reports say about unexplained requests that more than one cause would explain. */
import { causeById } from '../analysis/causes.ts';
import type { TrialResult } from '../analysis/result.ts';
import { counted } from './format.ts';

/** One sentence per choice of causes. Empty if there is none. */
export function undecidedNotes(trials: readonly Pick<TrialResult, 'undecided'>[]): string[] {
  const found = new Map<string, { names: string[]; requests: number }>();
  for (const { causes, requests } of trials.flatMap(({ undecided = [] }) => undecided)) {
    const names = causes.map((id) => causeById(id).name);
    const known = found.get(names.join());
    if (known) known.requests += requests;
    else found.set(names.join(), { names, requests });
  }
  return [...found.values()].map(
    ({ names, requests }) =>
      `The cause of ${counted(requests, 'unexplained request')} is ${alternatives(names)}. What was observed does not decide which.`,
  );
}

/** "routing lag or keep-alive race" */
export function alternatives(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} or ${last}`;
}
