/** Undoes what a disruption changed, at the end of a trial. */
import { apiStatus } from './api.ts';

/** Something that must be undone at the end of the trial. */
export type CleanUp = () => Promise<unknown>;

/**
 * Runs all of them, the last one first, and empties the list.
 * @throws the first error, after all have run; not for something that is gone already
 */
export async function cleanUp(actions: CleanUp[]): Promise<void> {
  const errors: unknown[] = [];
  for (const action of actions.splice(0).reverse()) {
    await action().catch((error: unknown) => {
      if (apiStatus(error) !== 404) errors.push(error);
    });
  }
  if (errors.length > 0) throw errors[0];
}
