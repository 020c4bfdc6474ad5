/** The shape of what `conform --json` prints. */
import * as z from 'zod';
import { FAMILIES, type Family } from '../conform/case.ts';

const Case = z.object({
  number: z.int().positive().describe('stable; new cases get new numbers'),
  id: z.string().describe('stable'),
  family: z.enum(Object.keys(FAMILIES) as [Family, ...Family[]]),
  title: z.string(),
  durationMs: z.number().min(0),
});

export const ConformDocument = z.object({
  schemaVersion: z.literal(1),
  command: z.array(z.string()).describe('the server and its arguments'),
  pid1: z.boolean().describe('whether the command was PID 1 of its own PID namespace, as it is in a container'),
  graceMs: z.number().positive().describe('from the stop signal to SIGKILL'),
  stopSignal: z.string().describe('SIGTERM, or the signal that was sent in its place'),
  wrapper: z
    .object({ names: z.string(), server: z.string() })
    .describe('the wrapper (npm, a shell, tini) and the server that it runs; absent if the first process is the server')
    .optional(),
  cases: z.array(
    z.discriminatedUnion('status', [
      Case.extend({
        status: z.literal('pass'),
        seen: z.string().describe('a figure worth knowing').optional(),
      }),
      Case.extend({
        status: z.literal('warning'),
        seen: z.string(),
        advice: z.string().describe('where it loses requests, and what to set'),
      }),
      Case.extend({ status: z.literal('fail'), expected: z.string(), seen: z.string() }),
      Case.extend({ status: z.literal('not-applicable'), reason: z.string() }),
    ]),
  ),
  counts: z.object({
    pass: z.int().min(0),
    warning: z.int().min(0),
    fail: z.int().min(0),
    notApplicable: z.int().min(0),
  }),
});
export type ConformDocument = z.infer<typeof ConformDocument>;
