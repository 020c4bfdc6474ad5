/** The fixes to try on a manifest, with values derived from its measurement. */
import { type Advice, neededGraceSeconds } from '../analysis/advice.ts';
import type { Workload } from '../kubernetes-rules/objects.ts';
import { effectiveStrategy } from '../kubernetes-rules/rounding.ts';
import type { Fix } from '../manifests/overlays.ts';
import type { WorkloadPatch } from './patch.ts';

export interface CandidateFix {
  fix: Fix;
  /** The change in words. */
  what: string;
  patch: WorkloadPatch;
}

export interface Candidates {
  fixes: CandidateFix[];
  /** Why the others of the four fixes are not tried, one line each: "pre-stop: has 5 s already, and 2 s is enough". */
  untried: string[];
}

/** A fix to try, or the reason why there is none. */
type Outcome = CandidateFix | string;

/** Used if the routing lag could not be measured: a common value. */
const USUAL_PRE_STOP_S = 5;

/**
 * For this project's app: how long to accept connections after SIGTERM, so that each client with an open connection
 * gets a response with Connection: close before the socket is closed. The pre-stop component has the same value.
 */
const OWN_DRAIN_DELAY_MS = 2000;
/** The app gives up draining this long before SIGKILL, so that it can still log what it cut. */
const OWN_DEADLINE_MARGIN_MS = 1000;

/** @param ownApp whether the image is this project's app, whose shutdown is set through environment variables */
export function candidateFixes(workload: Workload, advice: Advice, ownApp: boolean): Candidates {
  const preStop = preStopFix(workload, advice, ownApp);
  const outcomes: Outcome[] = [
    replicasFix(workload) ?? keptReplicas(workload),
    shutdownFix(workload, advice, ownApp),
    graceFix(workload, advice, typeof preStop === 'string' ? undefined : preStop.patch.preStopSeconds, ownApp),
    preStop,
  ];
  return {
    fixes: outcomes.filter((outcome) => typeof outcome !== 'string'),
    untried: outcomes.filter((outcome) => typeof outcome === 'string'),
  };
}

/** The only fix whose values need no measurement. */
export function replicasFix(workload: Workload): CandidateFix | undefined {
  if (workload.kind === 'DaemonSet') return undefined; // one pod per node
  const { type, replicas, maxUnavailable } = effectiveStrategy(workload);
  if (type === 'RollingUpdate' && replicas >= 2 && maxUnavailable < replicas) return undefined;
  const enough = Math.max(2, replicas);
  if (workload.kind === 'StatefulSet') {
    const patch = { replicas: enough, rollingUpdate: { maxUnavailable: 1 } };
    return { fix: 'replicas', what: `${enough} replicas, replaced one at a time`, patch };
  }
  return {
    fix: 'replicas',
    what: `${enough} replicas, replaced one at a time, with all ${enough} available throughout`,
    patch: { replicas: enough, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
  };
}

function keptReplicas(workload: Workload): string {
  if (workload.kind === 'DaemonSet') return 'replicas: a DaemonSet has one pod per node';
  const { replicas, maxUnavailable } = effectiveStrategy(workload);
  return `replicas: has ${replicas} already, and a rollout keeps ${replicas - maxUnavailable} of them ready`;
}

function shutdownFix(workload: Workload, { server }: Advice, ownApp: boolean): Outcome {
  if (ownApp) {
    if (variable(workload, 'SHUTDOWN') === 'drain') return 'graceful-shutdown: has SHUTDOWN=drain already';
    return {
      fix: 'graceful-shutdown',
      what: 'a graceful shutdown (SHUTDOWN=drain)',
      patch: { env: { SHUTDOWN: 'drain' } },
    };
  }
  const { stopSignal, pods, drained, gaveUp, turnedAway } = server;
  if (pods > 0 && drained === pods) {
    return `graceful-shutdown: the server drains on ${stopSignal} already${gaveUp ? ', and gives up too early' : ''}`;
  }
  const why = turnedAway ? `it answered ${turnedAway.status} after ${stopSignal}` : `it did not drain on ${stopSignal}`;
  return `graceful-shutdown: a change to the server; ${why} (docs/recipes)`;
}

/** @param newPreStopS the preStop sleep of the fix to try, if there is one */
function graceFix(
  { spec }: Workload,
  { longestRequest, gracePeriod, preStop, server, changes }: Advice,
  newPreStopS: number | undefined,
  ownApp: boolean,
): Outcome {
  const nowS = spec.template.spec.terminationGracePeriodSeconds;
  if (!longestRequest || !gracePeriod)
    return `grace-period: has ${nowS} s; no request was answered, so the time it needs is unknown`;
  const preStopS = newPreStopS ?? preStop?.nowSeconds ?? 0;
  const drainMs = Math.max(server.acceptsAfterSigtermMs ?? 0, ownApp ? OWN_DRAIN_DELAY_MS : 0);
  const graceSeconds = neededGraceSeconds({
    preStopMs: preStopS * 1000,
    drainMs,
    longestRequestMs: longestRequest.ms,
    exitMs: server.exitedMs ?? 0,
  });
  if (graceSeconds <= nowS) return `grace-period: has ${nowS} s already, and ${graceSeconds} s is enough`;
  const cutByIt = server.killed > 0 || changes.some(({ change }) => change === 'grace-period');
  if (!ownApp && !cutByIt && newPreStopS === undefined) {
    return `grace-period: has ${nowS} s already, and no pod was killed at its end`;
  }
  const deadlineMs = (graceSeconds - preStopS) * 1000 - OWN_DEADLINE_MARGIN_MS;
  return {
    fix: 'grace-period',
    what: `terminationGracePeriodSeconds: ${graceSeconds}`,
    patch: { graceSeconds, ...(ownApp && { env: { SHUTDOWN_DEADLINE_MS: String(deadlineMs) } }) },
  };
}

function preStopFix(workload: Workload, { preStop, server }: Advice, ownApp: boolean): Outcome {
  const hook = workload.spec.template.spec.containers[0].lifecycle?.preStop;
  const seconds = preStop?.neededSeconds ?? USUAL_PRE_STOP_S;
  const nowSeconds = hook?.sleep?.seconds ?? 0;
  const drains = !ownApp || Number(variable(workload, 'DRAIN_DELAY_MS') ?? 0) >= OWN_DRAIN_DELAY_MS;
  if (hook && !hook.sleep) {
    const longEnough = preStop !== null && preStop.nowSeconds >= seconds;
    return longEnough
      ? `pre-stop: has a hook already, which takes ${Number(preStop.nowSeconds.toFixed(2))} s, and ${seconds} s is enough`
      : `pre-stop: the manifest has its own hook, which should take ${seconds} s`;
  }
  if (nowSeconds >= seconds && drains) {
    if (preStop === null) return `pre-stop: has ${nowSeconds} s already; the routing lag is unknown`;
    return nowSeconds === 0
      ? `pre-stop: not needed; the server accepts connections for long enough after ${server.stopSignal}`
      : `pre-stop: has ${nowSeconds} s already, and ${seconds} s is enough`;
  }
  const preStopSeconds = Math.max(seconds, nowSeconds);
  const delay = ownApp ? `, and ${OWN_DRAIN_DELAY_MS / 1000} s of Connection: close after SIGTERM` : '';
  return {
    fix: 'pre-stop',
    what: `a preStop sleep of ${preStopSeconds} s${delay}`,
    patch: { preStopSeconds, ...(ownApp && { env: { DRAIN_DELAY_MS: String(OWN_DRAIN_DELAY_MS) } }) },
  };
}

function variable(workload: Workload, name: string): string | undefined {
  return workload.spec.template.spec.containers[0].env?.find((candidate) => candidate.name === name)?.value;
}
