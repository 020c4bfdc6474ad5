/** The form of `.rollout-test.yaml`. */
import * as z from 'zod';
import { RULES } from '../registry.ts';

const SEVERITIES = ['error', 'warning', 'info'] as const;

/** YAML reads a plain off as false. */
const Level = z
  .union([z.boolean(), z.enum(['on', 'off', ...SEVERITIES])])
  .describe('off, on with its own severity, or another severity');

const Setting = z.union([
  Level,
  z.strictObject({ severity: Level, reason: z.string().min(1).describe('why, for reports').optional() }),
]);
export type Setting = z.infer<typeof Setting>;

const Rules = z.strictObject(
  Object.fromEntries(RULES.map(({ id, title }) => [id, Setting.describe(title).optional()])),
);

// Each is in the JSON schema once, and referred to by this name.
z.globalRegistry.add(Setting, { id: 'setting' });
z.globalRegistry.add(Rules, { id: 'rules' });

const Seconds = z.number().min(0).max(86_400);
const options = {
  longestRequestSeconds: Seconds.describe('how long the longest request takes').optional(),
  drainDelaySeconds: Seconds.describe('how long the app keeps accepting connections after SIGTERM').optional(),
};

const Workload = z.strictObject({
  name: z.string().min(1).describe('the name of the workload; * stands for any text'),
  kind: z.string().optional(),
  namespace: z.string().optional(),
  ...options,
  rules: Rules.describe('as for all workloads').optional(),
});

export const Config = z.strictObject({
  ...options,
  failOn: z.enum(SEVERITIES).describe('the lowest severity that makes the exit code 1 (warning)').optional(),
  rules: Rules.describe('which rules are applied, and how severe they are').optional(),
  workloads: z.array(Workload).describe('settings for some workloads; the last one that matches counts').optional(),
});
export type Config = z.infer<typeof Config>;
