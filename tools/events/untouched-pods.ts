/** Whether only the disruption affected the pods of a trial. On a machine that is too busy, others fail their probes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Trace } from '../../src/trace/trace.ts';

/**
 * @param folder with the traces of a run
 * @throws Error that names a pod which the disruption did not touch and which a router dropped nevertheless
 */
export function assertOthersStayed(folder: string): void {
  for (const name of readdirSync(join(folder, 'traces'))) {
    const trace = Trace.parse(JSON.parse(readFileSync(join(folder, 'traces', name), 'utf8')));
    const dropped = droppedPod(trace);
    if (dropped !== undefined) throw new Error(`${name}: ${dropped} lost its readiness: the machine is too busy`);
  }
}

/** The uid of such a pod. */
export function droppedPod({ cluster, disruption, loadStartMs, loadStopMs }: Trace): string | undefined {
  const touched = (uid: string) =>
    uid === disruption?.pod || cluster.pods.find((pod) => pod.uid === uid)?.deletionMs !== undefined;
  const known = new Map<string, readonly string[]>();
  for (const { router, atMs, pods } of cluster.routerViews) {
    const before = known.get(router) ?? [];
    known.set(router, pods);
    if (atMs < loadStartMs || atMs > loadStopMs) continue;
    const lost = before.find((uid) => !pods.includes(uid) && !touched(uid));
    if (lost !== undefined) return lost;
  }
  return undefined;
}
