/** Undoes what a disruption changed, at the end of a trial. */

/** Something that must be undone at the end of the trial. Rejects with an error for the user. */
export type CleanUp = () => Promise<unknown>;

/**
 * Runs all of them, the last one first, and empties the list.
 * @throws the first error, after all have run
 */
export async function cleanUp(actions: CleanUp[]): Promise<void> {
  const errors: unknown[] = [];
  for (const action of actions.splice(0).reverse()) {
    await action().catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0) throw errors[0];
}
