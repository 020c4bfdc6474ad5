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

/** The most scenarios in a request mix. */
export const MAX_SCENARIOS = 20;
const MAX_ATTEMPTS = 100;
/** The most failed requests in one trace, and the most success buckets. */
const MAX_FAILURES = 1_000_000;
const MAX_SUCCESSES = 1_000_000;
/** The most sessions in one trace: each of the most clients may open one every few seconds. */
const MAX_SESSIONS = 1_000_000;
/** The most hidden retries of a gateway in one trace. */
export const MAX_RETRIED = 20_000;
/** More clients than one machine has ports for. */
const MAX_CLIENTS = 100_000;

export const Phase = z
  .enum(['connect', 'send', 'wait', 'receive'])
  .describe(
    'how far the request got: connect (no connection yet), send (request not fully written), ' +
      'wait (written, no byte of the response yet), receive (response begun, not complete)',
  );
export type Phase = z.infer<typeof Phase>;

const ErrorName = Text.describe(
  'errno name (ECONNREFUSED), "timeout", "closed" (orderly close mid-request), "status", or "close-1011" for a WebSocket ' +
    'that the server closed with an error code; of a gateway also "no-endpoint" (it knew none that it could use) and ' +
    '"failed" (its log does not say how)',
);

/** How a request, or one attempt at it, ended. */
const Outcome = {
  phase: Phase,
  error: ErrorName,
  status: Code.describe('HTTP status, if there was a response').optional(),
  bytesReceived: Count.optional(),
};

/** One attempt to reach a pod: a router or gateway chose the pod. */
export const Attempt = z.object({
  via: Text.describe(
    'the router (a simulated node) or gateway that chose the pod; absent if that could not be observed',
  ).optional(),
  pod: PodRef.describe('the pod that the attempt was sent to, if known').optional(),
  connection: z.object({
    state: z.enum(['fresh', 'reused', 'unknown']).describe('whether an earlier request had used the connection'),
    id: Text.describe('the same for all requests of one connection; absent if not known').optional(),
  }),
  startedMs: Ms,
  endedMs: Ms,
  ...Outcome,
  notProcessed: z
    .boolean()
    .describe(
      'the peer reported that it had not begun to process the request (HTTP/2 GOAWAY), or a gateway never read it',
    )
    .optional(),
});
export type Attempt = z.infer<typeof Attempt>;

export const FailedRequest = z.object({
  id: Text.describe('the x-request-id that was sent'),
  scenario: Name,
  plannedMs: Ms.describe('when the schedule planned the start').optional(),
  startedMs: Ms,
  endedMs: Ms,
  client: z
    .object({
      ...Outcome,
      connection: z.enum(['fresh', 'reused', 'unknown']),
      detail: Text.describe("the load generator's error message or code").optional(),
    })
    .describe('what the client saw'),
  attempts: listOf(Attempt, MAX_ATTEMPTS).describe(
    'the attempts on the way, in order; empty if the request reached no router',
  ),
});
export type FailedRequest = z.infer<typeof FailedRequest>;

/** A request that succeeded for the client although attempts at it had failed: a gateway sent it again. */
export const RetriedRequest = z.object({
  id: Text,
  method: Text,
  startedMs: Ms,
  attempts: listOf(Attempt, MAX_ATTEMPTS).describe('the attempts that failed'),
});
export type RetriedRequest = z.infer<typeof RetriedRequest>;

export const SuccessBucket = z.object({
  scenario: Name,
  pod: Text.describe("the pod's uid; empty if not known"),
  bucket: Bucket.describe(`index of the ${BUCKET_MS} ms bucket in which the requests started`),
  count: BucketCount,
});
export type SuccessBucket = z.infer<typeof SuccessBucket>;

/** One session that was open: an event stream or a WebSocket. Attempts that failed are failed requests. */
export const SessionRecord = z.object({
  scenario: Name,
  client: SmallCount.describe("which of the scenario's clients it belonged to, from 0"),
  pod: Text.describe("the pod's uid; empty if not known"),
  startedMs: Ms.describe('when the client began to open it'),
  openedMs: Ms.describe('when the response with status 2xx began, or the WebSocket handshake had succeeded'),
  endedMs: Ms.describe('absent if it was open when the load stopped').optional(),
  end: z
    .enum(['close-frame', 'complete', 'cut'])
    .describe('in order with a close frame or the last byte of a complete response, or cut, which is a failure too')
    .optional(),
  closeCode: Code.describe('the code of the close frame; 1005 if it had none').optional(),
});
export type SessionRecord = z.infer<typeof SessionRecord>;

/** One load generator's record of a trial. */
export const LoadRecord = z.object({
  generator: Text.describe('name and version'),
  plannedRequests: Count.describe('arrivals in the schedule up to the stop of the load'),
  droppedRequests: Count.describe('arrivals that could not be started'),
  lostRequests: Count.describe('a lower bound on the started requests whose outcome is unknown').optional(),
  failures: listOf(FailedRequest, MAX_FAILURES),
  successes: listOf(SuccessBucket, MAX_SUCCESSES),
  clockBoundMs: DurationMs.describe(
    "how far the requests' times may be off from the trial's clock; absent if both use the same clock",
  ).optional(),
  connectionReuse: Share.describe(
    'share of keep-alive requests sent on a connection that had been used before',
  ).optional(),
  hiddenRetries: recordOf(Text, SmallCount, MAX_SCENARIOS)
    .describe(
      'successes that took more than one attempt, by who retried ("client", or a gateway); absent if no ' +
        'response said how often its pod had seen the request id',
    )
    .optional(),
  retried: listOf(RetriedRequest, MAX_RETRIED)
    .describe('the requests that a gateway sent again and that then succeeded; absent without a gateway')
    .optional(),
  newConnections: recordOf(Text, z.object({ lastMs: Ms, lastAnsweredMs: Ms.optional() }), MAX_SUCCESSES)
    .describe('per pod (uid): when the last request on a new connection was sent, and the last one that got a response')
    .optional(),
  sessions: z
    .object({
      clients: recordOf(Name, z.int().min(0).max(MAX_CLIENTS), MAX_SCENARIOS).describe(
        'per scenario: clients that each hold one session open',
      ),
      opened: listOf(SessionRecord, MAX_SESSIONS).describe('every session that was open, in the order of the openings'),
    })
    .describe('absent if the load held no sessions')
    .optional(),
  latency: recordOf(Name, EncodedHistogram, MAX_SCENARIOS).describe(
    'per scenario: HDR histogram of successful requests, from start to last byte, in µs, base64 (V2, deflate)',
  ),
  lateness: EncodedHistogram.describe('HDR histogram of actual minus planned start, in µs, base64').optional(),
});
export type LoadRecord = z.infer<typeof LoadRecord>;
