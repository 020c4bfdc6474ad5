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
    explanation: 'No pod could have served it: none was ready, and no terminating one was still serving.',
    evidence:
      'When the request started (or before it got through) every pod was unready, and it never reached one, or too late to be answered in its time.',
    fix: 'Run at least 2 replicas with a RollingUpdate strategy whose maxUnavailable leaves one ready at all times.',
    measured:
      'In one rollout on Kubernetes 1.34 (two nodes, kube-proxy with iptables), one replica with Recreate broke 1,078 requests on Node 26.10, 1,020 on Bun 1.4.5 and 1,020 on Deno 2.9.6. One replica alone breaks nothing: replaced in place, with a preStop sleep of 5 s and a draining app, 0 of 16,782, since kube-proxy falls back to terminating pods that still serve.',
    overlay: 'without-replicas',
  },
  {
    id: 'no-graceful-shutdown',
    number: 2,
    name: 'no graceful shutdown',
    explanation:
      'The pod had accepted it and did not finish it: the server died of SIGTERM, exited at once or after a deadline of its own, cut it, turned it away with an error, or went on serving until SIGKILL.',
    evidence:
      'It was in flight at SIGTERM, or on a connection that the pod had kept open, and broke or was answered with a server error while the pod was terminating; SIGKILL in the middle of a drain is another cause, unless the server answered what came on open connections until then.',
    fix: 'Handle SIGTERM: fail readiness, answer with Connection: close, stop listening, finish what is in flight, exit.',
    measured:
      'In one rollout on Kubernetes 1.34 (two nodes, kube-proxy with iptables), SHUTDOWN=none with everything else right broke 75 requests on Node 26.10, 66 on Bun 1.4.5 and 73 on Deno 2.9.6. Closing at once on SIGTERM, without a preStop hook, broke more: 207, 250 and 160 of about 16,800, since a process that ignores the signal goes on serving until SIGKILL.',
    overlay: 'without-graceful-shutdown',
  },
  {
    id: 'grace-too-short',
    number: 3,
    name: 'grace period too short',
    explanation: 'The pod was draining, but SIGKILL came before this request was done.',
    evidence:
      'Its connection was established and broke when SIGKILL ended its pod, which had begun to drain, or when the pod logged that it gave up.',
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
      'It was sent to a pod that had begun to stop: SIGTERM and the removal of the endpoint start at the same time, and routers learn of the removal later.',
    evidence:
      'A new connection to a terminating pod was refused, broken before any byte of an answer, or answered with a server error.',
    fix: 'Keep serving after the deletion until the routers know: a preStop sleep of a few seconds.',
    measured:
      'In one rollout on Kubernetes 1.34 (two nodes, kube-proxy with iptables), no preStop hook and no drain delay broke 70 requests on Node 26.10, 148 on Bun 1.4.5 and 241 on Deno 2.9.6. New connections failed for 0.3 to 1.05 s after each SIGTERM.',
    overlay: 'without-pre-stop',
  },
  {
    id: 'keep-alive-race',
    number: 5,
    name: 'keep-alive race',
    explanation: 'It was sent on an idle connection at the moment the server closed it.',
    evidence:
      'The connection had been used before, and it ended without one byte of the response: within a second, while the pod closed in order, or within 50 ms on a pod that nobody had asked to stop.',
    fix: 'Answer with Connection: close for a while before closing (a drain delay after SIGTERM), so that clients let go first. On a pod that is not terminating: keep idle connections for longer than the clients do.',
  },
  {
    id: 'not-ready',
    number: 6,
    name: 'not ready yet',
    explanation: 'It was sent to a new pod that could not serve yet.',
    evidence:
      'Its pod had not become ready when the request started, had lost its readiness without being deleted, or was declared ready and had not answered any request yet.',
    fix: 'Add a readiness probe that succeeds only once the app can serve.',
  },
  {
    id: 'unexplained',
    number: 0,
    name: 'unexplained',
    explanation: 'None of the causes fits what was observed, or the observations cannot tell.',
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

/** How many requests each cause broke. */
export type CauseCounts = Record<CauseId, number>;

export function countCauses(causes: readonly CauseId[]): CauseCounts {
  const counts = Object.fromEntries(CAUSE_IDS.map((id) => [id, 0])) as CauseCounts;
  for (const id of causes) counts[id]++;
  return counts;
}
