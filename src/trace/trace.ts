/**
 * The trace: what happened in one trial. Facts only, no opinion; analysis reads nothing else.
 *
 * Every time is in milliseconds on one monotonic clock that starts with the trial; `clock.startedAtEpochMs` ties it
 * to the wall clock. A fact that was not observed is absent, never zero.
 */
import { z } from 'zod';

export const TRACE_FORMAT = 'k8s-rollout-test/trace/1';

/** Width of a success bucket, in ms. */
export const BUCKET_MS = 100;

const Ms = z.number().describe('milliseconds since the start of the trial');

export const Phase = z
  .enum(['connect', 'send', 'wait', 'receive'])
  .describe(
    'how far the request came: connect (no connection yet), send (request not fully written), ' +
      'wait (written, no byte of the response), receive (response begun, not complete)',
  );
export type Phase = z.infer<typeof Phase>;

export const FailedRequest = z.object({
  id: z.string().describe('the x-request-id sent'),
  scenario: z.string(),
  plannedMs: Ms.describe('when the schedule wanted it to start').optional(),
  startedMs: Ms,
  endedMs: Ms,
  connection: z.enum(['fresh', 'reused', 'unknown']).describe('whether an earlier request had used the connection'),
  phase: Phase,
  error: z.string().describe('errno name (ECONNREFUSED), "timeout", "closed" (orderly end mid-request) or "status"'),
  detail: z.string().describe("the load generator's own words or error code").optional(),
  status: z.int().describe('HTTP status, where a response came').optional(),
  bytesReceived: z.int().optional(),
  pod: z.string().describe('the pod it was sent to, where known').optional(),
  router: z
    .string()
    .describe('whose choice of a pod it was: the simulated node; absent where nobody could see that')
    .optional(),
});
export type FailedRequest = z.infer<typeof FailedRequest>;

export const SuccessBucket = z.object({
  scenario: z.string(),
  pod: z.string().describe('empty when the response did not name it'),
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
    .int()
    .describe('responses saying that the pod had seen the same request id before; absent where no response said')
    .optional(),
  lastNewConnections: z
    .record(z.string(), Ms)
    .describe('per pod: the start of the last request that went to it on a new connection, whatever became of it')
    .optional(),
  latency: z
    .record(z.string(), z.string())
    .describe(
      'per scenario: HDR histogram of successful requests, from start to last byte, in µs, base64 (V2, deflate)',
    ),
  lateness: z.string().describe('HDR histogram of actual minus planned start, in µs, base64').optional(),
});
export type LoadRecord = z.infer<typeof LoadRecord>;

export const PodRecord = z.object({
  name: z.string(),
  generation: z.enum(['old', 'new']).describe('old: existed when the rollout was triggered'),
  node: z.string(),
  createdMs: Ms,
  startedMs: Ms.describe('its process was started').optional(),
  listeningMs: Ms.describe('its own log said so').optional(),
  readyMs: Ms.describe('first became Ready').optional(),
  deletionMs: Ms.describe('deletion was asked for (deletionTimestamp set)').optional(),
  preStopEndMs: Ms.optional(),
  sigtermMs: Ms.describe(
    'SIGTERM was sent; seen from outside: its own log says it arrived or, where none is read, the manifest has it then',
  ).optional(),
  drainingMs: Ms.describe('its own log says it began to drain').optional(),
  notReadyMs: Ms.describe('became not Ready while terminating').optional(),
  stoppedListeningMs: Ms.describe(
    'its own log said so; where it keeps no such log (no listeningMs), its socket was seen to be gone',
  ).optional(),
  sigkillMs: Ms.describe('SIGKILL was sent').optional(),
  exitMs: Ms.optional(),
  exitBoundMs: z.number().describe('how far exitMs may be off; absent where it was seen as it happened').optional(),
  exitCode: z.int().optional(),
  exitSignal: z.string().optional(),
  log: z.array(z.string()).describe('its last lines of output').optional(),
});
export type PodRecord = z.infer<typeof PodRecord>;

/**
 * What one router (a node's kube-proxy) sends new connections to, from `atMs` until its next view. On a real cluster no
 * router can be looked into: the one view there is the EndpointSlices', which the routers follow with some delay.
 */
export const RouterView = z.object({
  router: z.string(),
  atMs: Ms,
  pods: z.array(z.string()),
});
export type RouterView = z.infer<typeof RouterView>;

export const ClusterRecord = z.object({
  pods: z.array(PodRecord),
  routerViews: z.array(RouterView),
  events: z.array(z.object({ atMs: Ms, type: z.string(), pod: z.string().optional(), message: z.string() })),
  pid1: z.boolean().describe("whether each container's process was PID 1 of its own PID namespace"),
  listenersSeen: z
    .boolean()
    .describe('false: a server that does not say itself that it stopped listening was not seen to; absent: it was')
    .optional(),
  runtimeVersion: z.string().describe("as the app's log says").optional(),
  clockBoundMs: z
    .number()
    .describe("how far the pods' own times may be off against the trial's clock; absent where both are one")
    .optional(),
});
export type ClusterRecord = z.infer<typeof ClusterRecord>;

export const Settings = z.object({
  replicas: z.int(),
  strategy: z.enum(['RollingUpdate', 'Recreate', 'OnDelete']),
  maxSurge: z.int().describe('pods, after rounding'),
  maxUnavailable: z.int().describe('pods, after rounding'),
  gracePeriodMs: z.number(),
  preStopMs: z.number().describe('length of a preStop sleep; absent for other hooks').optional(),
});
export type Settings = z.infer<typeof Settings>;

export const TrialIdentity = z.object({
  runtime: z.string(),
  runtimeVersion: z.string(),
  variant: z.string(),
  repeat: z.int(),
  cluster: z.string().describe('"local" or the name of the kubeconfig context'),
  load: z.enum(['builtin', 'k6']),
  seed: z.int(),
});
export type TrialIdentity = z.infer<typeof TrialIdentity>;

export const Trace = z.object({
  format: z.literal(TRACE_FORMAT),
  trial: TrialIdentity,
  clock: z.object({ startedAtEpochMs: z.number() }),
  machine: z.object({ platform: z.string(), arch: z.string(), cores: z.int(), node: z.string() }),
  settings: Settings,
  rolloutMs: Ms.describe('when the rollout was triggered; absent in a control').optional(),
  loadStartMs: Ms,
  loadStopMs: Ms.describe('after this no request was started'),
  cluster: ClusterRecord,
  load: LoadRecord,
});
export type Trace = z.infer<typeof Trace>;
