/** Times that a trace holds between its lines. */
import { decodeHistogram } from '../trace/histogram.ts';
import type { Trace } from '../trace/trace.ts';
import { servesAt, terminatingAt } from './timeline.ts';

/**
 * For each old pod, how long after its deletion the last new connection went to it, in ms; 0 for none. Only where another
 * pod was there to be sent to instead: a pod that is the last one is used on purpose (KEP-1669), and pods that nothing is
 * known of are left out.
 */
export function routingLags({ cluster, load }: Trace): { pod: string; lagMs: number }[] {
  return cluster.pods.flatMap((pod) => {
    const lastMs = load.lastNewConnections?.[pod.name];
    if (pod.generation !== 'old' || pod.deletionMs === undefined || lastMs === undefined) return [];
    const atMs = Math.max(lastMs, pod.deletionMs);
    const instead = cluster.pods.some((other) => servesAt(other, atMs) && !terminatingAt(other, atMs));
    return instead ? [{ pod: pod.name, lagMs: atMs - pod.deletionMs }] : [];
  });
}

/** The longest request: answered, or under way for as long when it was cut. */
export function longestRequest(traces: readonly Trace[]): { ms: number; cut: boolean } | null {
  const answered = traces.flatMap(({ load }) =>
    Object.values(load.latency).map((encoded) => decodeHistogram(encoded).maxValue / 1000),
  );
  const cut = traces
    .flatMap(({ load }) => load.failures)
    .filter((request) => request.phase !== 'connect' && request.error !== 'timeout')
    .map((request) => request.endedMs - request.startedMs);
  if (answered.length + cut.length === 0) return null;
  const ms = Math.max(...answered, ...cut);
  return { ms, cut: !answered.includes(ms) };
}
