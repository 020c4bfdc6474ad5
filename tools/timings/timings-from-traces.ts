/** What the traces of a real cluster say of its timing. Pure. */
import * as z from 'zod';
import { podTimeline } from '../../src/analysis/pod-timeline.ts';
import type { Timings } from '../../src/clusters/local/timings.ts';
import type { PodRecord } from '../../src/trace/cluster-record.ts';
import type { Trace } from '../../src/trace/trace.ts';

/** The part of the timings that a trace of a real cluster shows. */
export type SeenTimings = Pick<Timings, 'containerStartMs' | 'controllerMs' | 'endpointSliceMs'>;

/** The app's first log line has the age of its process, in ms. */
const ListeningLine = z.object({ event: z.literal('listening'), monoMs: z.number() });

/**
 * So many samples stand for a distribution. Delays are drawn on the straight lines between them, so the outermost are not
 * its extremes: the one slow pod of a hundred would be every tenth.
 */
const SAMPLES = 11;
const LOWEST_SHARE = 0.03;

/** @throws Error when the traces do not show one of them */
export function timingsFromTraces(traces: readonly Trace[]): SeenTimings {
  return {
    containerStartMs: samples('containerStartMs', traces.flatMap(containerStarts)),
    controllerMs: samples('controllerMs', traces.flatMap(deletions)),
    endpointSliceMs: samples('endpointSliceMs', traces.flatMap(sliceUpdates)),
  };
}

/** From the pod's creation to its process, of pods whose log tells when that began. */
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

/** Under RollingUpdate with one pod more, the readiness of each new pod lets the next old one go. */
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

/** From a pod's readiness to the EndpointSlice that has it, both as a watch tells. */
function sliceUpdates({ cluster }: Trace): number[] {
  return cluster.pods.flatMap(({ uid, readyMs }) => {
    if (readyMs === undefined) return [];
    const view = cluster.routerViews.find(({ atMs, pods }) => atMs >= readyMs && pods.includes(uid));
    return view === undefined ? [] : [view.atMs - readyMs];
  });
}

function samples(name: string, values: readonly number[]): number[] {
  if (values.length === 0) throw new Error(`${name}: the traces do not show it`);
  const sorted = values.map((value) => Math.max(0, Math.round(value))).toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] as number;
  const span = 1 - 2 * LOWEST_SHARE;
  return Array.from({ length: SAMPLES }, (_, index) => at(LOWEST_SHARE + (span * index) / (SAMPLES - 1)));
}
