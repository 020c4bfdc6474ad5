/** Derives a real cluster's timings from its traces. Pure. */
import * as z from 'zod';
import { podTimeline } from '../../src/analysis/pod-timeline.ts';
import type { Timings } from '../../src/clusters/local/timings.ts';
import type { PodRecord } from '../../src/trace/cluster-record.ts';
import type { Trace } from '../../src/trace/trace.ts';

/** The timings that can be derived from traces of a real cluster. */
export type SeenTimings = Pick<Timings, 'containerStartMs' | 'controllerMs' | 'endpointSliceMs'>;

/** The app's first log line contains the age of its process, in ms. */
const ListeningLine = z.object({ event: z.literal('listening'), monoMs: z.number() });

/**
 * How many samples represent a distribution. Delays are drawn from the lines between samples, so the outermost samples
 * are not the extremes: otherwise the one slow pod of a hundred would affect every tenth draw.
 */
const SAMPLES = 11;
const LOWEST_SHARE = 0.03;

/** @throws Error if one of the timings cannot be derived from the traces */
export function timingsFromTraces(traces: readonly Trace[]): SeenTimings {
  return {
    containerStartMs: samples('containerStartMs', traces.flatMap(containerStarts)),
    controllerMs: samples('controllerMs', traces.flatMap(deletions)),
    endpointSliceMs: samples('endpointSliceMs', traces.flatMap(sliceUpdates)),
  };
}

/** Time from the creation of a pod to the start of its process, for pods whose log says when that started. */
function containerStarts({ cluster }: Trace): number[] {
  return cluster.pods.flatMap((pod) => {
    const age = processAgeMs(pod);
    const { listeningMs, createdMs } = podTimeline(pod);
    return listeningMs === undefined || age === undefined ? [] : [listeningMs - age - createdMs];
  });
}

function processAgeMs({ containers }: PodRecord): number | undefined {
  for (const line of containers.flatMap(({ log = [] }) => log)) {
    if (!line.startsWith('{')) continue;
    const parsed = ListeningLine.safeParse(JSON.parse(line));
    if (parsed.success) return parsed.data.monoMs;
  }
  return undefined;
}

/** Under RollingUpdate with maxSurge 1 and maxUnavailable 0, an old pod is deleted as soon as a new one is ready. */
function deletions({ cluster, settings }: Trace): number[] {
  if (settings.strategy !== 'RollingUpdate' || settings.maxSurge !== 1 || settings.maxUnavailable !== 0) return [];
  const times = (generation: PodRecord['generation'], ms: (pod: PodRecord) => number | undefined) =>
    cluster.pods
      .filter((pod) => pod.generation === generation)
      .flatMap((pod) => ms(pod) ?? [])
      .toSorted((a, b) => a - b);
  const deleted = times('old', (pod) => pod.deletionMs);
  const ready = times('new', (pod) => pod.readyMs);
  return deleted.flatMap((deletionMs, index) => (ready[index] === undefined ? [] : [deletionMs - ready[index]]));
}

/** Time from a pod's readiness to the EndpointSlice that contains it, both as reported by watches. */
function sliceUpdates({ cluster }: Trace): number[] {
  return cluster.pods.flatMap(({ uid, readyMs }) => {
    if (readyMs === undefined) return [];
    const view = cluster.routerViews.find(({ atMs, pods }) => atMs >= readyMs && pods.includes(uid));
    return view === undefined ? [] : [view.atMs - readyMs];
  });
}

function samples(name: string, values: readonly number[]): number[] {
  if (values.length === 0) throw new Error(`${name}: cannot be derived from these traces`);
  const sorted = values.map((value) => Math.max(0, Math.round(value))).toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] as number;
  const span = 1 - 2 * LOWEST_SHARE;
  return Array.from({ length: SAMPLES }, (_, index) => at(LOWEST_SHARE + (span * index) / (SAMPLES - 1)));
}
