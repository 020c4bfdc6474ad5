/**
 * The least time a trial can take, whatever the program does: the seconds that its manifests and its request mix set. Pure.
 */

import { effectiveStrategy } from '../src/kubernetes-rules/rounding.ts';
import type { RequestMix } from '../src/load/request-mix.ts';
import type { Manifests } from '../src/manifests/manifests.ts';

type PodSpec = Manifests['workload']['spec']['template']['spec'];

/** From the trigger of the rollout until every new pod is ready and the last old pod has ended. */
export function rolloutFloorMs({ workload }: Manifests, requestMix: RequestMix): number {
  const { type, replicas, maxSurge, maxUnavailable } = effectiveStrategy(workload);
  const pod = workload.spec.template.spec;
  const [ready, termination] = [readyFloorMs(pod), terminationFloorMs(pod, requestMix)];
  if (type === 'Recreate') return termination + ready;
  // How often a new pod must become ready before the last old one is terminated.
  const waves = Math.ceil((replicas - maxUnavailable) / (maxSurge + maxUnavailable));
  return waves * ready + Math.max(termination, maxUnavailable > 0 ? ready : 0);
}

/** From the start to Ready. The first probe is too early for any server, so one period passes. */
export function readyFloorMs({ containers: [container] }: PodSpec): number {
  const probe = container.startupProbe ?? container.readinessProbe;
  return probe ? (probe.initialDelaySeconds + probe.periodSeconds) * 1000 : 0;
}

/** From the deletion to the end of the process. */
function terminationFloorMs(
  { containers: [container], terminationGracePeriodSeconds }: PodSpec,
  requestMix: RequestMix,
) {
  const graceMs = terminationGracePeriodSeconds * 1000;
  const preStopMs = (container.lifecycle?.preStop?.sleep?.seconds ?? 0) * 1000;
  const variable = (name: string) => container.env?.find((one) => one.name === name)?.value;
  const drainMs = {
    // As PID 1 it ignores SIGTERM.
    none: graceMs,
    exit: 0,
    close: longestRequestMs(requestMix),
    drain: Number(variable('DRAIN_DELAY_MS') ?? 0) + longestRequestMs(requestMix),
  }[variable('SHUTDOWN') ?? 'none'];
  return Math.min(graceMs, preStopMs + (drainMs ?? 0));
}

/** How long the requests of the slowest scenario take in this project's app. */
export function longestRequestMs({ scenarios }: RequestMix): number {
  return Math.max(...scenarios.map(({ path }) => Number(/^\/delay\/(\d+)/.exec(path)?.[1] ?? 0)));
}
