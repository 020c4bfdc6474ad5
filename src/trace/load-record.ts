/** What happened to the requests. */
import * as z from 'zod';
import { PodRef } from './cluster-record.ts';
import {
  BUCKET_MS,
  Bucket,
  BucketCount,
  Code,
  Count,
  DurationMs,
  EncodedHistogram,
  listOf,
  Ms,
  Name,
  recordOf,
  Share,
  SmallCount,
  Text,
} from './units.ts';

/** As many as a request mix may have, and as ways one request may take. */
export const MAX_SCENARIOS = 20;
const MAX_ATTEMPTS = 100;
/** Requests that one trace can hold whole, and counts of those that succeeded. */
const MAX_FAILURES = 1_000_000;
const MAX_SUCCESSES = 1_000_000;

export const Phase = z
  .enum(['connect', 'send', 'wait', 'receive'])
  .describe(
    'how far the request came: connect (no connection yet), send (request not fully written), ' +
      'wait (written, no byte of the response), receive (response begun, not complete)',
  );
export type Phase = z.infer<typeof Phase>;

const ErrorName = Text.describe('errno name (ECONNREFUSED), "timeout", "closed" (orderly end mid-request) or "status"');

/** How a request, or one attempt at it, came to its end. */
const Outcome = {
  phase: Phase,
  error: ErrorName,
  status: Code.describe('HTTP status, where a response came').optional(),
  bytesReceived: Count.optional(),
};

/** One way that a request took towards a pod: a router or a gateway chose the pod. */
export const Attempt = z.object({
  via: Text.describe(
    'the router (a simulated node) or gateway that chose the pod; absent where nobody could see that',
  ).optional(),
  pod: PodRef.describe('the pod it was sent to, where known').optional(),
  connection: z.object({
    state: z.enum(['fresh', 'reused', 'unknown']).describe('whether an earlier request had used the connection'),
    id: Text.describe('the same for all requests of one connection, where that is known').optional(),
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
  id: Text.describe('the x-request-id sent'),
  scenario: Name,
  plannedMs: Ms.describe('when the schedule wanted it to start').optional(),
  startedMs: Ms,
  endedMs: Ms,
  client: z
    .object({
      ...Outcome,
      connection: z.enum(['fresh', 'reused', 'unknown']),
      detail: Text.describe("the load generator's own words or error code").optional(),
    })
    .describe('what the client saw'),
  attempts: listOf(Attempt, MAX_ATTEMPTS).describe(
    'what happened on the way, in order; empty where it reached no router',
  ),
});
export type FailedRequest = z.infer<typeof FailedRequest>;

export const SuccessBucket = z.object({
  scenario: Name,
  pod: Text.describe("the pod's uid; empty when nobody knows which it was"),
  bucket: Bucket.describe(`index of the ${BUCKET_MS} ms bucket in which the requests started`),
  count: BucketCount,
});
export type SuccessBucket = z.infer<typeof SuccessBucket>;

/** One load generator's record of a whole trial. */
export const LoadRecord = z.object({
  generator: Text.describe('name and version'),
  plannedRequests: Count.describe('arrivals the schedule held until the load was stopped'),
  droppedRequests: Count.describe('arrivals that could not be started'),
  lostRequests: Count.describe('at least so many were started whose outcome was never learned').optional(),
  failures: listOf(FailedRequest, MAX_FAILURES),
  successes: listOf(SuccessBucket, MAX_SUCCESSES),
  clockBoundMs: DurationMs.describe(
    "how far the requests' times may be off against the trial's clock; absent where both are one",
  ).optional(),
  connectionReuse: Share.describe('share of keep-alive requests that went out on a connection used before').optional(),
  hiddenRetries: recordOf(Text, SmallCount, MAX_SCENARIOS)
    .describe(
      'successes that took more than one attempt, by who repeated them ("client", or a gateway); absent where no ' +
        'response said how often its pod had seen the request id',
    )
    .optional(),
  newConnections: recordOf(Text, z.object({ lastMs: Ms, lastAnsweredMs: Ms.optional() }), MAX_SUCCESSES)
    .describe('per pod (uid): when the last request on a new connection was sent to it, and the last that was answered')
    .optional(),
  latency: recordOf(Name, EncodedHistogram, MAX_SCENARIOS).describe(
    'per scenario: HDR histogram of successful requests, from start to last byte, in µs, base64 (V2, deflate)',
  ),
  lateness: EncodedHistogram.describe('HDR histogram of actual minus planned start, in µs, base64').optional(),
});
export type LoadRecord = z.infer<typeof LoadRecord>;
