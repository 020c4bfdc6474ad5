/** What a config file and flags change about the check. Plain data, because it is passed to a worker. */
import type { ObjectIdentity } from './identity.ts';
import type { Severity } from './rule.ts';
import type { CheckOptions } from './workload.ts';

export interface RuleSetting {
  /** on: the rule's own severity. */
  severity: Severity | 'off' | 'on';
  /** Why, in the user's words. */
  reason?: string;
}

export type RuleSettings = Readonly<Record<string, RuleSetting>>;

/** For the workloads of this name; the last settings that match one count. */
export interface WorkloadSettings extends Partial<CheckOptions> {
  /** May contain `*`, which stands for any text. */
  name: string;
  kind?: string;
  namespace?: string;
  rules: RuleSettings;
}

export interface CheckSettings {
  rules: RuleSettings;
  workloads: readonly WorkloadSettings[];
  /** The config file that `rules` and `workloads` come from. */
  file?: string;
  /** Rules that are off whatever else is set. */
  disabled: readonly string[];
  /** Only these rules are applied; undefined for all. */
  only?: readonly string[];
}

export const NO_SETTINGS: CheckSettings = { rules: {}, workloads: [], disabled: [] };

/** The options for one workload. Those for its name win over those for all workloads. */
export function optionsFor(
  { workloads }: CheckSettings,
  options: CheckOptions,
  workload: ObjectIdentity,
): CheckOptions {
  const own = workloads.filter((settings) => isFor(settings, workload));
  const last = (option: keyof CheckOptions) => own.findLast((settings) => settings[option] !== undefined)?.[option];
  return {
    longestRequestSeconds: last('longestRequestSeconds') ?? options.longestRequestSeconds,
    drainDelaySeconds: last('drainDelaySeconds') ?? options.drainDelaySeconds,
  };
}

/** The setting of a rule; a workload's own wins. Undefined if there is none. */
export function settingOf(settings: CheckSettings, rule: string, workload?: ObjectIdentity): RuleSetting | undefined {
  const own = workload && settings.workloads.findLast(({ rules, ...of }) => rules[rule] && isFor(of, workload));
  return own?.rules[rule] ?? settings.rules[rule];
}

function isFor(of: Pick<WorkloadSettings, 'name' | 'kind' | 'namespace'>, { kind, name, namespace }: ObjectIdentity) {
  return (
    (of.kind === undefined || of.kind === kind) &&
    (of.namespace === undefined || of.namespace === (namespace ?? 'default')) &&
    matches(of.name, name)
  );
}

/** `*` stands for any text. */
function matches(pattern: string, name: string): boolean {
  const literal = pattern.split('*').map((part) => part.replaceAll(/[\\^$.+?()[\]{}|]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join('.*')}$`, 's').test(name);
}
