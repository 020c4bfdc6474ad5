/** All rules, in the order of the documentation. */
import type { Rule } from './rule.ts';
import { ADMISSION_RULES } from './rules/admission.ts';
import { GRACE_PERIOD_RULES } from './rules/grace-period.ts';
import { NEIGHBOUR_RULES } from './rules/neighbours.ts';
import { PID1_RULES } from './rules/pid1.ts';
import { PRE_STOP_RULES } from './rules/pre-stop.ts';
import { PROBE_RULES } from './rules/probes.ts';
import { READING_RULES } from './rules/reading.ts';
import { REPLICA_RULES } from './rules/replicas.ts';
import { SHUTDOWN_RULES } from './rules/shutdown.ts';
import { STRATEGY_RULES } from './rules/strategy.ts';

export const RULES: readonly Rule[] = withUniqueIds([
  ...STRATEGY_RULES,
  ...REPLICA_RULES,
  ...SHUTDOWN_RULES,
  ...PID1_RULES,
  ...GRACE_PERIOD_RULES,
  ...PRE_STOP_RULES,
  ...PROBE_RULES,
  ...NEIGHBOUR_RULES,
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
