/** What trials are called, in every report, message and file name. */
import type { CellIdentity } from '../analysis/cells.ts';
import type { TrialIdentity } from '../trace/trace.ts';

/** The runtime of every trial of a user's own service, and the variant of its rollouts. */
export const OWN = 'own';
export const CONTROL = 'control';

/**
 * The overlay that was rolled, "valid-node". A user's own service has no overlay: "rollout", "control", and for fixes that
 * were tried on it their names, "pre-stop+replicas".
 */
export function cellName({ runtime, variant }: CellIdentity): string {
  if (runtime !== OWN) return `${variant}-${runtime}`;
  return variant === OWN ? 'rollout' : variant.replace(new RegExp(`^${OWN}\\+`), '');
}

/** The cell with the number of the repeat, from the second on: "valid-node", "valid-node-2". Rollouts are all numbered. */
export function trialName(trial: CellIdentity & Pick<TrialIdentity, 'repeat'>): string {
  const name = cellName(trial);
  return trial.repeat > 0 || name === 'rollout' ? `${name}-${trial.repeat + 1}` : name;
}
