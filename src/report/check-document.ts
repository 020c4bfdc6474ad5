/** The shape of what `check --json` prints. */
import * as z from 'zod';
import { CAUSE_IDS } from '../analysis/causes.ts';

const CheckedObject = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  namespace: z.string().optional(),
});

const Finding = z.object({
  rule: z.string().describe('the id of the rule, as in docs/checks.md'),
  severity: z
    .enum(['error', 'warning', 'info'])
    .describe(
      'error: breaks requests or hangs the rollout, whatever the app does; warning: whether it does depends on more than the manifest shows; info: worth knowing',
    ),
  message: z.string().describe('one line: what is wrong, and what to write instead'),
  source: z.string().describe('the file, or the name of another source: stdin, a kustomization'),
  line: z.int().positive().describe('absent on a cluster').optional(),
  column: z.int().positive().optional(),
  object: CheckedObject.describe('absent for a Dockerfile').optional(),
  field: z.string().describe('its path in the object, as in spec.replicas').optional(),
  cause: z.enum(CAUSE_IDS).describe('the cause of broken requests that it adds to').optional(),
  causeNumber: z.int().optional(),
  patch: z
    .string()
    .describe('the fix: a strategic merge patch of this object, as YAML; absent if it takes more than the manifest')
    .optional(),
  page: z.string().describe('the page about the rule'),
  fingerprint: z.string().describe('the same for the same finding after the file has changed; a baseline has it'),
});

const Silence = z.object({
  kind: z.enum(['annotation', 'config', 'flag', 'baseline']),
  by: z.string().describe('the annotation and its object, the config file, the flag, or the baseline file'),
  reason: z.string().describe('in the words of the user').optional(),
});

export const CheckDocument = z.object({
  format: z.literal('k8s-rollout-test/check/1'),
  findings: z.array(Finding).describe('those that count, by source, line and rule'),
  silenced: z.array(Finding.extend({ silence: Silence })).describe('those that somebody has silenced'),
  notes: z.array(z.string()).describe('what was left out or cannot be seen, a line each'),
});
export type CheckDocument = z.infer<typeof CheckDocument>;
