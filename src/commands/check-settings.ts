/** What flags and the config file together say about the check. */
import { findConfig, type ReadConfig, readConfig } from '../check/config/config-file.ts';
import type { Severity } from '../check/rule.ts';
import { NO_SETTINGS } from '../check/settings.ts';
import type { HowToCheck } from './check-input.ts';
import type { CheckFlags } from './check-options.ts';

export interface CheckPlan extends HowToCheck {
  /** The lowest severity that makes the check fail. */
  failOn: Severity;
}

/**
 * Flags win over the config file, except that its settings for one workload win over the delays that flags give for all.
 * @throws InputError for a config file that cannot be read or is wrong
 */
export async function checkPlan(flags: CheckFlags): Promise<CheckPlan> {
  const file = flags.config ?? findConfig('.');
  const config: ReadConfig = file === undefined ? { options: {}, settings: NO_SETTINGS } : await readConfig(file);
  const { disable = [], only } = flags;
  // Naming a rule is a wish to see it, even if the config file turns it off.
  const rules = Object.entries(config.settings.rules).filter(
    ([id, { severity }]) => !(severity === 'off' && only?.includes(id)),
  );
  return {
    failOn: flags.failOn ?? config.failOn ?? 'warning',
    options: {
      longestRequestSeconds: flags.longestRequest ?? config.options.longestRequestSeconds ?? 0,
      drainDelaySeconds: flags.drainDelay ?? config.options.drainDelaySeconds ?? 0,
    },
    settings: {
      ...config.settings,
      rules: Object.fromEntries(rules),
      disabled: disable,
      ...(only && { only }),
    },
  };
}
