/** What happened in the cluster: the pods, their containers, and what the routers knew of them. */
import { z } from 'zod';
import { Ms } from './units.ts';

/** A pod's identity. Names come again (a StatefulSet's second web-0), uids do not. */
export const PodRef = z.object({ uid: z.string(), name: z.string() });
export type PodRef = z.infer<typeof PodRef>;

/**
 * What ran the server of a container: a shell, a package manager, an init. `stop` is what it did with the stop signal after
 * the load, while its server was kept from running; a server that ends by itself and one that its wrapper ends look alike
 * from outside.
 */
export const WrapperRecord = z.object({
  names: z.array(z.string()).describe("from PID 1 down to the server's parent"),
  server: z.string().describe('what listens'),
  stop: z
    .object({
      handled: z.boolean().describe('the server, or its runtime, has a handler for the stop signal'),
      signals: z.array(z.string()).describe('what came to the server; one that it has no handler for ends it unseen'),
      firstEndedMs: z.number().describe('PID 1 ended this long after the signal, though the server had not').optional(),
      serverEndedMs: z.number().describe('the server was ended this long after the signal, PID 1 lived on').optional(),
    })
    .optional(),
});
export type WrapperRecord = z.infer<typeof WrapperRecord>;

/** One process of a container, from its start to its end: a container that is restarted has several. */
export const ContainerRun = z.object({
  restarts: z.int().describe('how often the container had been restarted before'),
  startedMs: Ms,
  listeningMs: Ms.describe('its own log says so').optional(),
  readyMs: Ms.describe('the container first became ready in this run').optional(),
  drainingMs: Ms.describe('its own log says it began to drain').optional(),
  stoppedListeningMs: Ms.describe(
    'its own log says so; where it keeps no such log (no listeningMs), its socket was seen to be gone',
  ).optional(),
  endedMs: Ms.optional(),
  endedBoundMs: z.number().describe('how far endedMs may be off; absent where it was seen as it happened').optional(),
  exitCode: z.int().optional(),
  exitSignal: z.string().optional(),
  wrapper: WrapperRecord.optional().describe('absent where PID 1 is the server, or where that could not be seen'),
});
export type ContainerRun = z.infer<typeof ContainerRun>;

/** A preStop hook as it was carried out. */
export const HookRecord = z.object({
  kind: z.enum(['sleep', 'exec', 'httpGet']),
  what: z.string().describe('the command, the address or the length, as the manifest has it'),
  startedMs: Ms.optional(),
  endedMs: Ms.optional(),
  outcome: z
    .enum(['succeeded', 'failed', 'outlasted-grace', 'container-ended'])
    .describe('outlasted-grace: it was still running when the grace period was over'),
  exitCode: z.int().optional(),
  detail: z.string().describe('what went wrong, in words').optional(),
});
export type HookRecord = z.infer<typeof HookRecord>;

export const ContainerRecord = z.object({
  name: z.string(),
  serves: z.boolean().describe("the Service's port is this container's"),
  runs: z.array(ContainerRun),
  stopSignal: z.string().describe('the signal that asks it to stop; absent: SIGTERM').optional(),
  hook: HookRecord.optional().describe('its preStop hook at the termination of the pod'),
  stopSignalMs: Ms.describe(
    'when the stop signal was sent (real cluster: when its log says it arrived, else when the manifest says it was due)',
  ).optional(),
  sigkillMs: Ms.describe('SIGKILL was sent').optional(),
  standIn: z.boolean().describe('a process that does nothing ran in its place').optional(),
  log: z.array(z.string()).describe('its last lines of output').optional(),
});
export type ContainerRecord = z.infer<typeof ContainerRecord>;

export const PodRecord = PodRef.extend({
  generation: z.enum(['old', 'new']).describe('old: existed when the disruption began'),
  node: z.string(),
  createdMs: Ms,
  readyMs: Ms.describe('first became Ready').optional(),
  deletionMs: Ms.describe('deletion was asked for (deletionTimestamp set)').optional(),
  notReadyMs: Ms.describe('became not Ready while terminating').optional(),
  goneMs: Ms.describe('all its containers had ended, however that was seen').optional(),
  containers: z.array(ContainerRecord),
});
export type PodRecord = z.infer<typeof PodRecord>;

/**
 * What one router (a node's kube-proxy) sends new connections to, from `atMs` until its next view. On a real cluster no
 * router can be looked into: the one view there is the EndpointSlices', which the routers follow with some delay.
 */
export const RouterView = z.object({
  router: z.string(),
  atMs: Ms,
  pods: z.array(z.string()).describe('their uids'),
});
export type RouterView = z.infer<typeof RouterView>;

export const ClusterEvent = z.object({
  atMs: Ms,
  type: z.string().describe('a reason as Kubernetes writes it: Started, Killing, FailedPreStopHook'),
  pod: PodRef.optional(),
  message: z.string(),
});
export type ClusterEvent = z.infer<typeof ClusterEvent>;

export const ClusterRecord = z.object({
  pods: z.array(PodRecord),
  routerViews: z.array(RouterView),
  events: z.array(ClusterEvent),
  pid1: z.boolean().describe("whether each container's process was PID 1 of its own PID namespace"),
  headless: z
    .boolean()
    .describe('the Service has no address: DNS is the one router, asked for each new connection')
    .optional(),
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
