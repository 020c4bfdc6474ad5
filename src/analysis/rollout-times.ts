/** Times that a trace holds between its lines. */
import { decodeHistogram } from '../trace/histogram.ts';
import type { Trace } from '../trace/trace.ts';
import type { History } from './history.ts';
import { servesAt, terminatingAt } from './timeline.ts';

/**
 * For each old pod, how long after its deletion the last new connection was sent to it, in ms; 0 for none. Only where another
 * pod was there to be sent to instead: a pod that is the last one is used on purpose (KEP-1669), and pods that nothing is
 * known of are left out.
 */
export function routingLags({ pods, load }: History): { pod: string; lagMs: number }[] {
  return pods.flatMap((pod) => {
    const lastMs = load.newConnections?.[pod.uid]?.lastMs;
    if (pod.generation !== 'old' || pod.deletionMs === undefined || lastMs === undefined) return [];
    const atMs = Math.max(lastMs, pod.deletionMs);
    const instead = pods.some((other) => servesAt(other, atMs) && !terminatingAt(other, atMs));
    return instead ? [{ pod: pod.name, lagMs: atMs - pod.deletionMs }] : [];
  });
}

/**
 * The longest request: answered, or under way for as long when it was cut. A request that was answered with an error, or
 * that never had a connection, says nothing about how long the server needs.
 */
export function longestRequest(traces: readonly Trace[]): { ms: number; cut: boolean } | null {
  let longest: { ms: number; cut: boolean } | null = null;
  const note = (ms: number, cut: boolean) => {
    if (longest === null || ms > longest.ms) longest = { ms, cut };
  };
  for (const { load } of traces) {
    for (const encoded of Object.values(load.latency)) note(decodeHistogram(encoded).maxValue / 1000, false);
    for (const { client, startedMs, endedMs } of load.failures) {
      if (client.phase !== 'connect' && !['timeout', 'status'].includes(client.error)) note(endedMs - startedMs, true);
    }
  }
  return longest;
}
