/** The registry of causes: every broken request has exactly one. docs/causes.md is generated from it. */

export interface Cause {
  /** Used in saved results, so it never changes. */
  id: string;
  number: number;
  name: string;
  /** What happened to the request, in a sentence or two. */
  explanation: string;
  /** How attribution recognises it. */
  evidence: string;
  fix: string;
  /** How many requests a rollout with only this cause broke, and in which setup that was measured. */
  measured?: string;
  /** The overlay that lacks only the fix for this cause, if there is one. */
  overlay?: string;
}

export const CAUSES = [
  {
    id: 'capacity',
    number: 1,
    name: 'too few replicas',
    explanation: 'No pod could have served the request: no pod was ready, and no terminating pod was still serving.',
    evidence:
      'Every pod was unready when the request started, or before it got through. The request never reached a pod, or reached one too late to be answered before its timeout.',
    fix: 'Run at least 2 replicas with a RollingUpdate strategy whose maxUnavailable always leaves one pod ready.',
    measured:
      'In one rollout on Kubernetes 1.34 (two nodes, kube-proxy with iptables), one replica with Recreate broke 1,078 requests on Node 26.10, 1,020 on Bun 1.4.5 and 1,020 on Deno 2.9.6. A single replica does not break requests by itself: replaced in place, with a preStop sleep of 5 s and a draining app, it broke 0 of 16,782, because kube-proxy falls back to terminating pods that still serve.',
    overlay: 'without-replicas',
  },
  {
    id: 'no-graceful-shutdown',
    number: 2,
    name: 'no graceful shutdown',
    explanation:
      'The pod had accepted the request and did not finish it: the server died of SIGTERM, exited at once or after a deadline of its own, cut the request, answered it with an error, or kept serving until SIGKILL.',
    evidence:
      'The request was in flight at SIGTERM, or was sent on a connection that the pod had kept open. It failed, or was answered with a server error, while the pod was terminating. If SIGKILL came in the middle of a drain, the cause is grace-too-short instead, unless the server kept answering new requests on open connections until SIGKILL. A request that was reset as the server closed its port, without a byte of the response, was never read if the server logged a complete drain; its cause is routing-lag or keep-alive-race instead. A session (an event stream or a WebSocket) that was open until SIGKILL counts here if the server had the time to end its sessions and ended none: no grace period is long enough for it.',
    fix: 'Handle SIGTERM: fail readiness, answer with Connection: close, stop listening, end WebSockets with code 1001 and event streams with their last chunk, finish the requests in flight, exit.',
    measured:
      'In one rollout on Kubernetes 1.34 (two nodes, kube-proxy with iptables), SHUTDOWN=none, with everything else right, broke 75 requests on Node 26.10, 66 on Bun 1.4.5 and 73 on Deno 2.9.6. Closing at once on SIGTERM, without a preStop hook, broke more: 207, 250 and 160 of about 16,800. A process that ignores the signal at least keeps serving until SIGKILL.',
    overlay: 'without-graceful-shutdown',
  },
  {
    id: 'grace-too-short',
    number: 3,
    name: 'grace period too short',
    explanation: 'The pod was draining, but SIGKILL came before the request was finished.',
    evidence:
      'The connection was established. It broke when SIGKILL ended the pod, which had begun to drain, or when the pod logged that it gave up.',
    fix: 'Set terminationGracePeriodSeconds above preStop + drain delay + the longest request; preStop counts towards it.',
    measured:
      'In one rollout on Kubernetes 1.34 (two nodes, kube-proxy with iptables), a grace period of 5 s, as long as the preStop sleep, broke 59 requests on Node 26.10, 69 on Bun 1.4.5 and 74 on Deno 2.9.6.',
    overlay: 'without-grace-period',
  },
  {
    id: 'routing-lag',
    number: 4,
    name: 'routing lag',
    explanation:
      'The request was sent to a terminating pod. The removal of the endpoint starts at the same time as SIGTERM, and routers learn of the removal later.',
    evidence:
      'A new connection to a terminating pod was refused, broke before any byte of an answer came, or got a server error as its answer. Behind a gateway, which chooses a pod for each request, the same counts on a connection that it had used before.',
    fix: 'Keep serving after the deletion until the routers know of it: add a preStop sleep of a few seconds.',
    measured:
      'In one rollout on Kubernetes 1.34 (two nodes, kube-proxy with iptables), no preStop hook and no drain delay broke 70 requests on Node 26.10, 148 on Bun 1.4.5 and 241 on Deno 2.9.6. New connections failed for 0.3 to 1.05 s after each SIGTERM.',
    overlay: 'without-pre-stop',
  },
  {
    id: 'keep-alive-race',
    number: 5,
    name: 'keep-alive race',
    explanation: 'The request was sent on an idle connection at the moment when the server closed that connection.',
    evidence:
      'The connection had been used before, and ended without a byte of the response: within a second while the pod shut down in order, or within 50 ms on a pod that was not terminating.',
    fix: 'Answer with Connection: close for a while before closing (a drain delay after SIGTERM), so that clients close first. On a pod that is not terminating, keep idle connections open for longer than the clients do.',
  },
  {
    id: 'not-ready',
    number: 6,
    name: 'not ready yet',
    explanation: 'The request was sent to a new pod that could not serve yet.',
    evidence:
      'When the request started, the pod was not ready yet, had lost its readiness without being deleted, or counted as ready but had not answered any request yet.',
    fix: 'Add a readiness probe that succeeds only when the app can serve.',
  },
  {
    id: 'gateway',
    number: 7,
    name: "the gateway's own decision",
    explanation:
      'The gateway between the client and the pods failed the request, although a pod could have served it: the gateway had set the pods aside after earlier failures, a time limit of its own ended the wait for a pod, or it reset new connections while it changed its configuration.',
    evidence:
      'The log of the gateway says that it had no pod to send the request to, while its list held pods that served; or it gave up waiting for a pod that was not terminating; or a new connection to it ended, and its log lacks the request.',
    fix: 'Change the limits of the gateway: how many failures set a pod aside and for how long, and how long it waits for an answer.',
  },
  {
    id: 'unexplained',
    number: 0,
    name: 'unexplained',
    explanation: 'No cause matches what was observed, or the observations do not decide between causes.',
    evidence: 'No rule matched.',
    fix: "Look at the failure in the trace: its phase, its error, and its pod's timeline.",
  },
] as const satisfies readonly Cause[];

export type CauseId = (typeof CAUSES)[number]['id'];

export const CAUSE_IDS: readonly CauseId[] = CAUSES.map((cause) => cause.id);

export function causeById(id: CauseId): Cause {
  const cause = CAUSES.find((candidate) => candidate.id === id);
  if (!cause) throw new Error(`no cause "${id}"`);
  return cause;
}

/** What was found out about a failed request. */
export interface Explanation {
  cause: CauseId;
  /** Of an unexplained request: the causes between which the observations do not decide, in their order; else empty. */
  undecided: readonly CauseId[];
}

/** How many requests each cause broke. */
export type CauseCounts = Record<CauseId, number>;

export function countCauses(causes: readonly CauseId[]): CauseCounts {
  const counts = Object.fromEntries(CAUSE_IDS.map((id) => [id, 0])) as CauseCounts;
  for (const id of causes) counts[id]++;
  return counts;
}
