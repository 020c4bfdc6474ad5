/** All rules, in the order of the documentation. */
import type { Rule } from './rule.ts';
import { ADMISSION_RULES } from './rules/admission.ts';
import { AUTOSCALER_RULES } from './rules/autoscalers.ts';
import { BUDGET_RULES } from './rules/budgets.ts';
import { GRACE_PERIOD_RULES } from './rules/grace-period.ts';
import { IDLE_LIMIT_RULES } from './rules/idle-limits.ts';
import { LOAD_BALANCER_RULES } from './rules/load-balancers.ts';
import { PID1_RULES } from './rules/pid1.ts';
import { PRE_STOP_RULES } from './rules/pre-stop.ts';
import { PROBE_RULES } from './rules/probes.ts';
import { READING_RULES } from './rules/reading.ts';
import { REPLICA_RULES } from './rules/replicas.ts';
import { SERVICE_RULES } from './rules/services.ts';
import { SHUTDOWN_RULES } from './rules/shutdown.ts';
import { SIDECAR_RULES } from './rules/sidecars.ts';
import { STOP_SIGNAL_RULES } from './rules/stop-signal.ts';
import { STRATEGY_RULES } from './rules/strategy.ts';
import { SURGE_RULES } from './rules/surge.ts';

export const RULES: readonly Rule[] = withUniqueIds([
  ...STRATEGY_RULES,
  ...SURGE_RULES,
  ...REPLICA_RULES,
  ...AUTOSCALER_RULES,
  ...SHUTDOWN_RULES,
  ...PID1_RULES,
  ...STOP_SIGNAL_RULES,
  ...GRACE_PERIOD_RULES,
  ...PRE_STOP_RULES,
  ...PROBE_RULES,
  ...SERVICE_RULES,
  ...LOAD_BALANCER_RULES,
  ...IDLE_LIMIT_RULES,
  ...SIDECAR_RULES,
  ...BUDGET_RULES,
  ...ADMISSION_RULES,
  ...READING_RULES,
]);

/** @throws Error if there is no such rule */
export function ruleById(id: string): Rule {
  const rule = RULES.find((candidate) => candidate.id === id);
  if (!rule) throw new Error(`no rule has the id "${id}"`);
  return rule;
}

/** The documentation of a rule, as a path from the root of the repository. */
export function rulePage(id: string): string {
  return `docs/checks.md#${id}`;
}

/** @throws Error if two rules have the same id */
export function withUniqueIds(rules: readonly Rule[]): readonly Rule[] {
  const seen = new Set<string>();
  for (const { id } of rules) {
    if (seen.has(id)) throw new Error(`two rules have the id "${id}"`);
    seen.add(id);
  }
  return rules;
}
