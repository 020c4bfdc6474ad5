/** Runs one rollout on the local cluster without load and returns what happened. */
import type { TestContext } from 'node:test';
import { type PodTimeline, podTimeline } from '../../src/analysis/pod-timeline.ts';
import { LocalCluster } from '../../src/clusters/local/local-cluster.ts';
import type { Timings } from '../../src/clusters/local/timings.ts';
import type { Manifests } from '../../src/manifests/manifests.ts';
import { startClock } from '../../src/trace/clock.ts';
import type { ClusterRecord } from '../../src/trace/cluster-record.ts';
import type { DisruptionOutcome, PlannedDisruption } from '../../src/trace/disruption.ts';

/** No delays beyond the machine's own: tests of order need no measured delays. */
export const PROMPT_TIMINGS: Timings = {
  containerStartMs: [0],
  controllerMs: [0],
  sandboxRemovalMs: [0],
  probesStartMs: [0],
  podReleaseMs: [0],
  relistPeriodMs: 0,
  endpointSliceMs: [0],
  sliceGapMs: [0],
  proxySyncMs: [0],
  minSyncPeriodMs: 0,
  dnsMs: [0],
};

const DEADLINE_MS = 60_000;

export async function deploy(
  t: TestContext,
  manifests: Manifests,
  command: readonly string[],
  timings = PROMPT_TIMINGS,
  disruption: PlannedDisruption = { kind: 'rollout' },
) {
  const cluster = new LocalCluster({ images: { web: { command } }, seed: 1, timings });
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const deployed = await cluster.deploy({ manifests, clock: startClock(), signal, disruption });
  t.after(() => deployed.remove());
  return deployed;
}

export async function rollOut(
  t: TestContext,
  manifests: Manifests,
  command: readonly string[],
): Promise<ClusterRecord> {
  const deployed = await deploy(t, manifests, command);
  await deployed.disrupt();
  return deployed.record();
}

/** Like `rollOut`, for any disruption; also returns what was observed of it. */
export async function disrupted(
  t: TestContext,
  manifests: Manifests,
  disruption: PlannedDisruption,
  command: readonly string[],
): Promise<ClusterRecord & { outcome: DisruptionOutcome }> {
  const deployed = await deploy(t, manifests, command, PROMPT_TIMINGS, disruption);
  const outcome = await deployed.disrupt();
  return { ...deployed.record(), outcome };
}

export function podsOf({ pods }: Pick<ClusterRecord, 'pods'>, generation: PodTimeline['generation']): PodTimeline[] {
  return pods.filter((pod) => pod.generation === generation).map(podTimeline);
}

/** The largest number of pods at the same time between `from` and `to`. */
export function peak(
  pods: readonly PodTimeline[],
  from: (pod: PodTimeline) => number,
  to: (pod: PodTimeline) => number,
): number {
  return Math.max(...pods.map((pod) => pods.filter((o) => from(o) <= from(pod) && from(pod) < to(o)).length));
}
