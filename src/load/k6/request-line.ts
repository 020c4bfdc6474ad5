/** The lines that loadtest.js prints if it logs every request. */
import * as z from 'zod';
import { Code, Count, DurationMs, EpochMs, Name, SmallCount, Text } from '../../trace/units.ts';

/** Printed before each scenario's first request. */
export const StartLine = z.object({ startedAtMs: EpochMs.describe('when the scenario began, in ms since 1970') });

const Ended = z.object({
  scenario: Name,
  iteration: Count.describe('0, 1, 2 … within the scenario and this instance of k6, in the order of their start'),
  startedAtMs: EpochMs.describe('ms since 1970'),
  endedAtMs: EpochMs.describe('ms since 1970'),
  vu: SmallCount.describe('the virtual user; each has a connection of its own'),
  pod: Text.optional(),
  requestCount: Count.describe('how often the pod had seen this id, including this time').default(1),
  serverTimeMs: EpochMs.describe("the pod's clock when it answered, ms since 1970").optional(),
});

export const SuccessLine = Ended.extend({
  failed: z.literal(false),
  latencyMs: DurationMs.describe('until the last byte, including connecting'),
  connection: z.enum(['fresh', 'reused']),
});

export const FailureLine = Ended.extend({
  failed: z.literal(true),
  id: Text,
  error: Text.describe("k6's error message").optional(),
  errorCode: Code.optional(),
  status: Code.describe('absent without a complete response').optional(),
  timings: z
    .object({
      blocked: DurationMs.describe('until the connection was established, including connecting'),
      connecting: DurationMs,
      sending: DurationMs,
      waiting: DurationMs,
      receiving: DurationMs,
    })
    .describe('duration of each step in ms; 0 for steps that were not reached'),
});
export type FailureLine = z.infer<typeof FailureLine>;

/** One finished request. */
export const RequestLine = z.discriminatedUnion('failed', [SuccessLine, FailureLine]);
export type RequestLine = z.infer<typeof RequestLine>;

export type Line =
  | { kind: 'started'; startedAtMs: number }
  | { kind: 'request'; request: RequestLine }
  /** A line of k6 itself. */
  | { kind: 'message'; text: string };

export function parseLine(text: string): Line {
  if (!text.startsWith('{')) return { kind: 'message', text };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: 'message', text };
  }
  const request = RequestLine.safeParse(json);
  if (request.success) return { kind: 'request', request: request.data };
  const start = StartLine.safeParse(json);
  return start.success ? { kind: 'started', ...start.data } : { kind: 'message', text };
}
