/** How long a container stays in service after its pod's deletion, as far as a manifest shows. */
import type { CheckedContainer } from './objects.ts';
import { containerPatch, mergePatches, podPatch } from './patch.ts';
import { isHelper, isProxy, proxyStaysSeconds } from './sidecar-images.ts';
import { readHook } from './stop-hook.ts';
import type { CheckOptions, Workload, WorkloadContainer } from './workload.ts';

/**
 * Routers may send new connections to a terminating pod for this long. Measured with kube-proxy: 0.3 to 1.05 s
 * (batching in the EndpointSlice controller, and kube-proxy's minSyncPeriod of 1 s). Twice that is the least to rely
 * on.
 */
export const SHORTEST_STAY_SECONDS = 2;
/** The value to recommend if nothing is known about the routers; the same as in this project's valid overlays. */
export const RECOMMENDED_STAY_SECONDS = 5;
/** Added to the least grace period that is needed, in a recommended value. */
export const GRACE_MARGIN_SECONDS = 5;

export interface Stay {
  /** The duration of the preStop hook; undefined if not known (a script, a request). */
  preStopSeconds: number | undefined;
  /** From SIGTERM until the app stops accepting connections. */
  drainDelaySeconds: number;
  /** How long new connections are accepted, at least: with a hook of unknown length, only the drain delay. */
  atLeastSeconds: number;
  /** Whether `atLeastSeconds` is exact. */
  isKnown: boolean;
  /** The command with which the hook itself tells the app to stop. */
  quits?: string;
}

export function stayOf(container: CheckedContainer, drainDelaySeconds: number): Stay {
  const preStop = container.lifecycle?.preStop;
  const delay = isOwnImage(container.image) ? ownDrainDelaySeconds(container) : drainDelaySeconds;
  const { seconds, servesSeconds, quits } = preStop ? readHook(preStop) : { seconds: 0, servesSeconds: 0 };
  return {
    preStopSeconds: seconds,
    drainDelaySeconds: delay,
    atLeastSeconds: (servesSeconds ?? 0) + (quits === undefined ? delay : 0),
    isKnown: servesSeconds !== undefined,
    ...(quits !== undefined && { quits }),
  };
}

/** 0 if the variable is absent or not a number; in the latter case the app (app/settings.ts) refuses to start. */
function ownDrainDelaySeconds(container: CheckedContainer): number {
  const value = variable(container, 'DRAIN_DELAY_MS') ?? '';
  return /^\d+$/.test(value) ? Number(value) / 1000 : 0;
}

/** Whether an image is one of this project's, in any registry, so that the meaning of its variables is known. */
export function isOwnImage(image: string | undefined): boolean {
  return /(^|\/)k8s-rollout-test-(node|bun|deno)([:@]|$)/.test(image ?? '');
}

/** The value of an environment variable that the manifest sets literally. The last variable of a name counts. */
export function variable(container: CheckedContainer, name: string): string | undefined {
  return container.env?.findLast((entry) => entry.name === name)?.value;
}

/**
 * A patch that makes the preStop hook sleep this long, and the hooks of the proxies that its requests pass through. It
 * raises the grace period if that leaves less than some seconds for the app.
 */
export function sleepPatch(
  workload: Workload,
  target: WorkloadContainer,
  seconds: number,
  { drainDelaySeconds, longestRequestSeconds }: CheckOptions,
): object {
  const sleeps = [target, ...companions(workload, target, seconds)].map((one) => sleepOf(one, seconds));
  const { drainDelaySeconds: delay } = stayOf(target.container, drainDelaySeconds);
  const enough = Math.ceil(seconds + delay + (target.serves ? longestRequestSeconds : 0)) + GRACE_MARGIN_SECONDS;
  const grace = workload.graceSeconds >= enough ? [] : [podPatch({ terminationGracePeriodSeconds: enough })];
  return mergePatches([...sleeps, ...grace]) as object;
}

function sleepOf(target: WorkloadContainer, seconds: number): object {
  const { preStop } = target.container.lifecycle ?? {};
  const others = (['exec', 'httpGet', 'tcpSocket'] as const).filter((kind) => preStop?.[kind] !== undefined);
  const removed = Object.fromEntries(others.map((kind) => [kind, null]));
  return containerPatch(target, { lifecycle: { preStop: { ...removed, sleep: { seconds } } } });
}

/** The containers that one may need while it sleeps: its proxies, or the apps behind it; not collectors and the like. */
function companions({ containers }: Workload, target: WorkloadContainer, seconds: number): WorkloadContainer[] {
  return containers.filter((other) => {
    const { container, list, serves } = other;
    if (other === target || serves || list !== 'containers') return false;
    if (isHelper(container) && !isProxy(container)) return false;
    const { preStopSeconds } = stayOf(container, 0);
    const drains = proxyStaysSeconds(container);
    return preStopSeconds !== undefined && drains !== undefined && preStopSeconds + drains < seconds;
  });
}
