/** The fixes worth trying on a manifest, with values from what was measured of it. */
import { type Advice, neededGraceSeconds } from '../analysis/advice.ts';
import type { Workload } from '../kubernetes-rules/objects.ts';
import { effectiveStrategy } from '../kubernetes-rules/rounding.ts';
import type { Fix } from '../manifests/overlays.ts';
import type { WorkloadPatch } from './patch.ts';

export interface CandidateFix {
  fix: Fix;
  /** What is changed, in words. */
  what: string;
  patch: WorkloadPatch;
}

export interface Candidates {
  fixes: CandidateFix[];
  /** Fixes that the manifest lacks and that cannot be tried, each with the reason. */
  untried: string[];
}

/** Where the lag could not be measured: what most people set. */
const USUAL_PRE_STOP_S = 5;

/**
 * For this project's app: how long to accept connections after SIGTERM, so that each client that holds one gets a
 * response with Connection: close before its socket goes. The pre-stop component has the same.
 */
const OWN_DRAIN_DELAY_MS = 2000;
/** Its drain gives up this long before SIGKILL, so that it can still say what it cut. */
const OWN_DEADLINE_MARGIN_MS = 1000;

/** @param ownApp whether the image is this project's app, whose shutdown is switched by its environment */
export function candidateFixes(workload: Workload, advice: Advice, ownApp: boolean): Candidates {
  const preStop = preStopFix(workload, advice, ownApp);
  const sleepS = preStop.fix?.patch.preStopSeconds ?? advice.preStop?.nowSeconds ?? 0;
  const shutdown = shutdownFix(workload, advice, ownApp);
  const found = [replicasFix(workload), shutdown.fix, graceFix(workload, advice, sleepS, ownApp), preStop.fix];
  return {
    fixes: found.filter((fix) => fix !== undefined),
    untried: [shutdown.untried, preStop.untried].filter((text) => text !== undefined),
  };
}

/** The one fix whose values need no measurement. */
export function replicasFix(workload: Workload): CandidateFix | undefined {
  if (workload.kind === 'DaemonSet') return undefined; // it has as many as there are nodes
  const { type, replicas, maxUnavailable } = effectiveStrategy(workload);
  if (type === 'RollingUpdate' && replicas >= 2 && maxUnavailable < replicas) return undefined;
  const enough = Math.max(2, replicas);
  if (workload.kind === 'StatefulSet') {
    const patch = { replicas: enough, rollingUpdate: { maxUnavailable: 1 } };
    return { fix: 'replicas', what: `${enough} replicas, replaced one at a time`, patch };
  }
  return {
    fix: 'replicas',
    what: `${enough} replicas, replaced one at a time and never below their number`,
    patch: { replicas: enough, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
  };
}

function shutdownFix(workload: Workload, { server }: Advice, ownApp: boolean) {
  if (ownApp) {
    if (variable(workload, 'SHUTDOWN') === 'drain') return {};
    const fix: CandidateFix = {
      fix: 'graceful-shutdown',
      what: 'a graceful shutdown (SHUTDOWN=drain)',
      patch: { env: { SHUTDOWN: 'drain' } },
    };
    return { fix };
  }
  if (server.pods === 0 || server.drained === server.pods) return {};
  return {
    untried:
      'graceful shutdown: the server did not drain on SIGTERM, and that cannot be switched from outside; docs/recipes shows how to add it',
  };
}

function graceFix(
  { spec }: Workload,
  { longestRequest, gracePeriod, server }: Advice,
  preStopSeconds: number,
  ownApp: boolean,
): CandidateFix | undefined {
  if (!longestRequest || !gracePeriod) return undefined;
  const drainMs = Math.max(server.acceptsAfterSigtermMs ?? 0, ownApp ? OWN_DRAIN_DELAY_MS : 0);
  const graceSeconds = neededGraceSeconds({
    preStopMs: preStopSeconds * 1000,
    drainMs,
    longestRequestMs: longestRequest.ms,
  });
  if (graceSeconds <= spec.template.spec.terminationGracePeriodSeconds) return undefined;
  const deadlineMs = (graceSeconds - preStopSeconds) * 1000 - OWN_DEADLINE_MARGIN_MS;
  return {
    fix: 'grace-period',
    what: `terminationGracePeriodSeconds: ${graceSeconds}`,
    patch: { graceSeconds, ...(ownApp && { env: { SHUTDOWN_DEADLINE_MS: String(deadlineMs) } }) },
  };
}

function preStopFix(
  workload: Workload,
  { preStop }: Advice,
  ownApp: boolean,
): { fix?: CandidateFix; untried?: string } {
  const hook = workload.spec.template.spec.containers[0].lifecycle?.preStop;
  const seconds = preStop?.neededSeconds ?? USUAL_PRE_STOP_S;
  const nowSeconds = hook?.sleep?.seconds ?? 0;
  const drains = !ownApp || Number(variable(workload, 'DRAIN_DELAY_MS') ?? 0) >= OWN_DRAIN_DELAY_MS;
  if (hook && !hook.sleep) {
    const longEnough = preStop !== null && preStop.nowSeconds >= seconds;
    return longEnough ? {} : { untried: `preStop: the manifest has a hook of its own; it should take ${seconds} s` };
  }
  if (nowSeconds >= seconds && drains) return {};
  const preStopSeconds = Math.max(seconds, nowSeconds);
  const delay = ownApp ? `, and ${OWN_DRAIN_DELAY_MS / 1000} s of Connection: close after SIGTERM` : '';
  return {
    fix: {
      fix: 'pre-stop',
      what: `a preStop sleep of ${preStopSeconds} s${delay}`,
      patch: { preStopSeconds, ...(ownApp && { env: { DRAIN_DELAY_MS: String(OWN_DRAIN_DELAY_MS) } }) },
    },
  };
}

function variable(workload: Workload, name: string): string | undefined {
  return workload.spec.template.spec.containers[0].env?.find((candidate) => candidate.name === name)?.value;
}
