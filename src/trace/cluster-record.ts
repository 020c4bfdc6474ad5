/** What happened in the cluster: the pods, their containers, and what the routers knew of them. */
import * as z from 'zod';
import { Code, DurationMs, listOf, Ms, SmallCount, Text, Version } from './units.ts';

/** A rollout of this many pods, old and new, is far beyond what one load can judge. */
export const MAX_PODS = 5000;
export const MAX_CONTAINERS = 100;
const MAX_RUNS = 10_000;
/** Every change of an EndpointSlice, on every node. */
const MAX_VIEWS = 100_000;
const MAX_EVENTS = 100_000;
/** More than the local and the real cluster keep. */
const MAX_LOG_LINES = 1000;
export const MAX_SIGNALS = 1000;

/** A pod's identity. Names come again (a StatefulSet's second web-0), uids do not. */
export const PodRef = z.object({ uid: Text, name: Text });
export type PodRef = z.infer<typeof PodRef>;

/**
 * What ran the server of a container: a shell, a package manager, an init. `stop` is what it did with the stop signal after
 * the load, while its server was kept from running; a server that ends by itself and one that its wrapper ends look alike
 * from outside.
 */
export const WrapperRecord = z.object({
  names: listOf(Text, MAX_CONTAINERS).describe("from PID 1 down to the server's parent"),
  server: Text.describe('what listens'),
  stop: z
    .object({
      handled: z.boolean().describe('the server, or its runtime, has a handler for the stop signal'),
      signals: listOf(Text, MAX_SIGNALS).describe(
        'what came to the server; one that it has no handler for ends it unseen',
      ),
      firstEndedMs: DurationMs.describe('PID 1 ended this long after the signal, though the server had not').optional(),
      serverEndedMs: DurationMs.describe('the server was ended this long after the signal, PID 1 lived on').optional(),
    })
    .optional(),
});
export type WrapperRecord = z.infer<typeof WrapperRecord>;

/** One process of a container, from its start to its end: a container that is restarted has several. */
export const ContainerRun = z.object({
  restarts: SmallCount.describe('how often the container had been restarted before'),
  startedMs: Ms,
  listeningMs: Ms.describe('its own log says so').optional(),
  readyMs: Ms.describe('the container first became ready in this run').optional(),
  drainingMs: Ms.describe('its own log says it began to drain').optional(),
  stoppedListeningMs: Ms.describe(
    'its own log says so; where it keeps no such log (no listeningMs), its socket was seen to be gone',
  ).optional(),
  endedMs: Ms.optional(),
  endedBoundMs: DurationMs.describe('how far endedMs may be off; absent where it was seen as it happened').optional(),
  exitCode: Code.optional(),
  exitSignal: Text.optional(),
  wrapper: WrapperRecord.optional().describe('absent where PID 1 is the server, or where that could not be seen'),
});
export type ContainerRun = z.infer<typeof ContainerRun>;

/** A preStop hook as it was carried out. */
export const HookRecord = z.object({
  kind: z.enum(['sleep', 'exec', 'httpGet']),
  what: Text.describe('the command, the address or the length, as the manifest has it'),
  startedMs: Ms.optional(),
  endedMs: Ms.optional(),
  outcome: z
    .enum(['succeeded', 'failed', 'outlasted-grace', 'container-ended'])
    .describe('outlasted-grace: it was still running when the grace period was over'),
  exitCode: Code.optional(),
  detail: Text.describe('what went wrong, in words').optional(),
});
export type HookRecord = z.infer<typeof HookRecord>;

export const ContainerRecord = z.object({
  name: Text,
  serves: z.boolean().describe("the Service's port is this container's"),
  runs: listOf(ContainerRun, MAX_RUNS),
  stopSignal: Text.describe('the signal that asks it to stop; absent: SIGTERM').optional(),
  hook: HookRecord.optional().describe('its preStop hook at the termination of the pod'),
  stopSignalMs: Ms.describe(
    'when the stop signal was sent (real cluster: when its log says it arrived, else when the manifest says it was due)',
  ).optional(),
  sigkillMs: Ms.describe('SIGKILL was sent').optional(),
  standIn: z.boolean().describe('a process that does nothing ran in its place').optional(),
  log: listOf(Text, MAX_LOG_LINES).describe('its last lines of output; absent with --no-logs').optional(),
});
export type ContainerRecord = z.infer<typeof ContainerRecord>;

export const PodRecord = PodRef.extend({
  generation: z.enum(['old', 'new']).describe('old: existed when the disruption began'),
  node: Text,
  createdMs: Ms,
  readyMs: Ms.describe('first became Ready').optional(),
  deletionMs: Ms.describe(
    'deletion was asked for (real cluster: when the watch reported it, or when the app logged the stop signal if that was earlier)',
  ).optional(),
  notReadyMs: Ms.describe('became not Ready while terminating').optional(),
  goneMs: Ms.describe('all its containers had ended, however that was seen').optional(),
  containers: listOf(ContainerRecord, MAX_CONTAINERS),
});
export type PodRecord = z.infer<typeof PodRecord>;

/**
 * What one router (a node's kube-proxy) sends new connections to, from `atMs` until its next view. On a real cluster no
 * router can be looked into: the one view there is the EndpointSlices', which the routers follow with some delay.
 */
export const RouterView = z.object({
  router: Text,
  atMs: Ms,
  pods: listOf(Text, MAX_PODS).describe('their uids'),
});
export type RouterView = z.infer<typeof RouterView>;

export const ClusterEvent = z.object({
  atMs: Ms,
  type: Text.describe('a reason as Kubernetes writes it: Started, Killing, FailedPreStopHook'),
  pod: PodRef.optional(),
  message: Text,
});
export type ClusterEvent = z.infer<typeof ClusterEvent>;

export const ClusterRecord = z.object({
  pods: listOf(PodRecord, MAX_PODS),
  routerViews: listOf(RouterView, MAX_VIEWS),
  events: listOf(ClusterEvent, MAX_EVENTS),
  pid1: z.boolean().describe("whether each container's process was PID 1 of its own PID namespace"),
  headless: z
    .boolean()
    .describe('the Service has no address: DNS is the one router, asked for each new connection')
    .optional(),
  listenersSeen: z
    .boolean()
    .describe('false: a server that does not say itself that it stopped listening was not seen to; absent: it was')
    .optional(),
  runtimeVersion: Version.describe("as the app's log says").optional(),
  clockBoundMs: DurationMs.describe(
    "how far the pods' own times may be off against the trial's clock; absent where both are one",
  ).optional(),
});
export type ClusterRecord = z.infer<typeof ClusterRecord>;
