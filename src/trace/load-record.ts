/** What happened to the requests. */
import { z } from 'zod';
import { PodRef } from './cluster-record.ts';
import { BUCKET_MS, Ms } from './units.ts';

export const Phase = z
  .enum(['connect', 'send', 'wait', 'receive'])
  .describe(
    'how far the request came: connect (no connection yet), send (request not fully written), ' +
      'wait (written, no byte of the response), receive (response begun, not complete)',
  );
export type Phase = z.infer<typeof Phase>;

const ErrorName = z
  .string()
  .describe('errno name (ECONNREFUSED), "timeout", "closed" (orderly end mid-request) or "status"');

/** How a request, or one attempt at it, came to its end. */
const Outcome = {
  phase: Phase,
  error: ErrorName,
  status: z.int().describe('HTTP status, where a response came').optional(),
  bytesReceived: z.int().optional(),
};

/** One way that a request took towards a pod: a router or a gateway chose the pod. */
export const Attempt = z.object({
  via: z
    .string()
    .describe('the router (a simulated node) or gateway that chose the pod; absent where nobody could see that')
    .optional(),
  pod: PodRef.describe('the pod it was sent to, where known').optional(),
  connection: z.object({
    state: z.enum(['fresh', 'reused', 'unknown']).describe('whether an earlier request had used the connection'),
    id: z.string().describe('the same for all requests of one connection, where that is known').optional(),
  }),
  startedMs: Ms,
  endedMs: Ms,
  ...Outcome,
  notProcessed: z
    .boolean()
    .describe('the other side said that it has not begun to process it (HTTP/2 GOAWAY)')
    .optional(),
});
export type Attempt = z.infer<typeof Attempt>;

export const FailedRequest = z.object({
  id: z.string().describe('the x-request-id sent'),
  scenario: z.string(),
  plannedMs: Ms.describe('when the schedule wanted it to start').optional(),
  startedMs: Ms,
  endedMs: Ms,
  client: z
    .object({
      ...Outcome,
      connection: z.enum(['fresh', 'reused', 'unknown']),
      detail: z.string().describe("the load generator's own words or error code").optional(),
    })
    .describe('what the client saw'),
  attempts: z.array(Attempt).describe('what happened on the way, in order; empty where it reached no router'),
});
export type FailedRequest = z.infer<typeof FailedRequest>;

export const SuccessBucket = z.object({
  scenario: z.string(),
  pod: z.string().describe("the pod's uid; empty when nobody knows which it was"),
  bucket: z.int().describe(`index of the ${BUCKET_MS} ms bucket in which the requests started`),
  count: z.int(),
});
export type SuccessBucket = z.infer<typeof SuccessBucket>;

/** One load generator's record of a whole trial. */
export const LoadRecord = z.object({
  generator: z.string().describe('name and version'),
  plannedRequests: z.int().describe('arrivals the schedule held until the load was stopped'),
  droppedRequests: z.int().describe('arrivals that could not be started'),
  lostRequests: z.int().describe('at least so many were started whose outcome was never learned').optional(),
  failures: z.array(FailedRequest),
  successes: z.array(SuccessBucket),
  clockBoundMs: z
    .number()
    .describe("how far the requests' times may be off against the trial's clock; absent where both are one")
    .optional(),
  connectionReuse: z
    .number()
    .min(0)
    .max(1)
    .describe('share of keep-alive requests that went out on a connection used before')
    .optional(),
  hiddenRetries: z
    .record(z.string(), z.int())
    .describe(
      'successes that took more than one attempt, by who repeated them ("client", or a gateway); absent where no ' +
        'response said how often its pod had seen the request id',
    )
    .optional(),
  newConnections: z
    .record(z.string(), z.object({ lastMs: Ms, lastAnsweredMs: Ms.optional() }))
    .describe('per pod (uid): when the last request on a new connection was sent to it, and the last that was answered')
    .optional(),
  latency: z
    .record(z.string(), z.string())
    .describe(
      'per scenario: HDR histogram of successful requests, from start to last byte, in µs, base64 (V2, deflate)',
    ),
  lateness: z.string().describe('HDR histogram of actual minus planned start, in µs, base64').optional(),
});
export type LoadRecord = z.infer<typeof LoadRecord>;
