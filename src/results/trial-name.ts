/** Names of trials, for every report, message and file name. */
import type { CellIdentity } from '../analysis/cells.ts';
import { DIRECT, type TrialIdentity } from '../trace/trace.ts';

/** The runtime of all trials of a user's own service, and the variant of its rollouts. */
export const OWN = 'own';

/**
 * The overlay that was rolled out, "valid-node". A user's own service has no overlay: "rollout", "control", or the
 * names of the fixes that were tried, "pre-stop+replicas". With a gateway on the way, "valid-node-behind-nginx".
 */
export function cellName({ runtime, variant, through = DIRECT }: CellIdentity): string {
  const behind = through === DIRECT ? '' : `-behind-${through}`;
  if (runtime !== OWN) return `${variant}-${runtime}${behind}`;
  return `${variant === OWN ? 'rollout' : variant.replace(new RegExp(`^${OWN}\\+`), '')}${behind}`;
}

/** The cell and, from the second repeat on, its number: "valid-node", "valid-node-2". Rollouts always have a number. */
export function trialName(trial: CellIdentity & Pick<TrialIdentity, 'repeat'>): string {
  const name = cellName(trial);
  return trial.repeat > 0 || trial.variant === OWN ? `${name}-${trial.repeat + 1}` : name;
}
