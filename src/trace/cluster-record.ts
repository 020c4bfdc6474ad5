/** What happened in the cluster: to the pods, to their containers, and in the routers' endpoint lists. */
import * as z from 'zod';
import { Code, DurationMs, listOf, Ms, SmallCount, Text, Version } from './units.ts';

/** A rollout of this many pods, old and new, is far more than one load can assess. */
export const MAX_PODS = 5000;
export const MAX_CONTAINERS = 100;
const MAX_RUNS = 10_000;
/** Enough for every change of an EndpointSlice on every node. */
const MAX_VIEWS = 100_000;
const MAX_EVENTS = 100_000;
/** More than the local cluster or the observer of a real one keeps. */
const MAX_LOG_LINES = 1000;
export const MAX_SIGNALS = 1000;

/** A pod's identity. Names are reused (a StatefulSet's second web-0), uids are not. */
export const PodRef = z.object({ uid: Text, name: Text });
export type PodRef = z.infer<typeof PodRef>;

/**
 * The wrapper of a container's server: a shell, a package manager, an init. `stop` is what the wrapper does with the
 * stop signal, tested after the load with the server paused. Without that test, a server that exits by itself and one
 * that its wrapper kills look the same from outside.
 */
export const WrapperRecord = z.object({
  names: listOf(Text, MAX_CONTAINERS).describe("from PID 1 down to the server's parent"),
  server: Text.describe('the process that listens'),
  stop: z
    .object({
      handled: z.boolean().describe('the server, or its runtime, has a handler for the stop signal'),
      signals: listOf(Text, MAX_SIGNALS).describe(
        'signals that reached the server; a signal without a handler ends the server instead and is not listed',
      ),
      firstEndedMs: DurationMs.describe('PID 1 ended this long after the signal, before the server').optional(),
      serverEndedMs: DurationMs.describe('the server ended this long after the signal, before PID 1').optional(),
    })
    .optional(),
});
export type WrapperRecord = z.infer<typeof WrapperRecord>;

/** One process of a container, from start to end. A container that restarts has several runs. */
export const ContainerRun = z.object({
  restarts: SmallCount.describe('how often the container had restarted before'),
  startedMs: Ms,
  listeningMs: Ms.describe('when its own log says that it listens').optional(),
  readyMs: Ms.describe('when the container first became ready in this run').optional(),
  drainingMs: Ms.describe('when its own log says that it began to drain').optional(),
  stoppedListeningMs: Ms.describe(
    'when its own log says that it stopped listening; without such a log (no listeningMs), when its socket was seen to be closed',
  ).optional(),
  endedMs: Ms.optional(),
  endedBoundMs: DurationMs.describe('how far endedMs may be off; absent if the end was observed directly').optional(),
  exitCode: Code.optional(),
  exitSignal: Text.optional(),
  wrapper: WrapperRecord.optional().describe('absent if PID 1 is the server, or if that could not be observed'),
});
export type ContainerRun = z.infer<typeof ContainerRun>;

/** How a preStop hook ran. */
export const HookRecord = z.object({
  kind: z.enum(['sleep', 'exec', 'httpGet']),
  what: Text.describe('the command, the address or the length, as in the manifest'),
  startedMs: Ms.optional(),
  endedMs: Ms.optional(),
  outcome: z
    .enum(['succeeded', 'failed', 'outlasted-grace', 'container-ended'])
    .describe('outlasted-grace: it was still running when the grace period ended'),
  exitCode: Code.optional(),
  asks: Text.describe('the other container of the pod whose port it asks').optional(),
  detail: Text.describe('the problem, as text').optional(),
});
export type HookRecord = z.infer<typeof HookRecord>;

export const ContainerRecord = z.object({
  name: Text,
  serves: z.boolean().describe('whether the Service sends traffic to this container'),
  role: z
    .enum(['init', 'sidecar'])
    .describe('init: runs to its end before the app; sidecar: an init container that stays; absent: a container')
    .optional(),
  runs: listOf(ContainerRun, MAX_RUNS),
  stopSignal: Text.describe('its stop signal; absent: SIGTERM').optional(),
  hook: HookRecord.optional().describe('how its preStop hook ran when the pod terminated'),
  stopSignalMs: Ms.describe(
    'when the stop signal was sent (real cluster: when its log says it arrived, else when the manifest says it was due)',
  ).optional(),
  sigkillMs: Ms.describe('when SIGKILL was sent').optional(),
  standIn: z
    .boolean()
    .describe('there was no command for it: a process that does nothing ran instead; an init container was not run')
    .optional(),
  log: listOf(Text, MAX_LOG_LINES).describe('its last output lines; absent with --no-logs').optional(),
});
export type ContainerRecord = z.infer<typeof ContainerRecord>;

export const PodRecord = PodRef.extend({
  generation: z.enum(['old', 'new']).describe('old: existed when the disruption began'),
  node: Text,
  createdMs: Ms,
  readyMs: Ms.describe('when it first became Ready').optional(),
  deletionMs: Ms.describe(
    'when its deletion was requested (real cluster: when the watch reported it, or when the app logged the stop signal if that was earlier)',
  ).optional(),
  notReadyMs: Ms.describe('when it became unready while terminating').optional(),
  goneMs: Ms.describe('when all its containers had ended, however that was observed').optional(),
  containers: listOf(ContainerRecord, MAX_CONTAINERS),
});
export type PodRecord = z.infer<typeof PodRecord>;

/**
 * The pods to which one router (a node's kube-proxy) sends new connections, from `atMs` until its next view. A real
 * cluster's routers cannot be inspected. Its only view is that of the EndpointSlices, which the routers follow with a
 * delay.
 */
export const RouterView = z.object({
  router: Text,
  atMs: Ms,
  pods: listOf(Text, MAX_PODS).describe('uids of the pods'),
});
export type RouterView = z.infer<typeof RouterView>;

export const ClusterEvent = z.object({
  atMs: Ms,
  type: Text.describe('the reason of a Kubernetes event: Started, Killing, FailedPreStopHook'),
  pod: PodRef.optional(),
  message: Text,
});
export type ClusterEvent = z.infer<typeof ClusterEvent>;

/** The gateway through which the requests went. */
export const GatewayRecord = z.object({
  name: Text.describe("as in an attempt's `via`"),
  version: Version,
  upstream: z
    .enum(['pods', 'service'])
    .describe("whether it sends to the pods or to the Service's address; absent if that is not known")
    .optional(),
  controller: Text.describe('of a gateway that was there before: what it is, and what led to it').optional(),
  logUnread: z
    .boolean()
    .describe('no line of its log could be joined with a request, so what it did is not known')
    .optional(),
  retries: SmallCount.describe('--gateway-retries; absent: what the program does by default').optional(),
  viewsAssumed: z
    .boolean()
    .describe('its views are what it could know at the earliest, because its own list could not be observed')
    .optional(),
  ownSettings: z.boolean().describe('it had settings of the user (--gateway-config)').optional(),
});
export type GatewayRecord = z.infer<typeof GatewayRecord>;

export const ClusterRecord = z.object({
  pods: listOf(PodRecord, MAX_PODS),
  routerViews: listOf(RouterView, MAX_VIEWS),
  events: listOf(ClusterEvent, MAX_EVENTS),
  pid1: z.boolean().describe("whether each container's process was PID 1 of its own PID namespace"),
  sharedNetwork: z
    .boolean()
    .describe("pods needed a network of their own and had this machine's, because none could be created here")
    .optional(),
  gateway: GatewayRecord.optional().describe('absent if the load went to the Service directly'),
  headless: z
    .boolean()
    .describe('the Service has no cluster IP: DNS is the only router, queried for each new connection')
    .optional(),
  listenersSeen: z
    .boolean()
    .describe(
      "false: sockets could not be observed, so only a server's own log shows that it stopped listening; absent: they could",
    )
    .optional(),
  runtimeVersion: Version.describe("from the app's log").optional(),
  clockBoundMs: DurationMs.describe(
    "how far the pods' own times may be off from the trial's clock; absent if both use the same clock",
  ).optional(),
});
export type ClusterRecord = z.infer<typeof ClusterRecord>;
