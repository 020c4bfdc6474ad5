/** A trace made ready for questions: each pod's life in one line of time, found by its uid, and when it first answered. */
import type { Trace } from '../trace/trace.ts';
import { BUCKET_MS } from '../trace/units.ts';
import { type PodLife, podLife } from './pod-life.ts';

/** The parts of a trace that attribution looks at. */
export type Story = Pick<Trace, 'cluster' | 'load'>;

export interface History {
  cluster: Trace['cluster'];
  load: Trace['load'];
  pods: readonly PodLife[];
  byUid: ReadonlyMap<string, PodLife>;
  /** Per pod (uid): the start of the first request that it answered, in ms, to the end of its 100 ms bucket. */
  firstAnswersMs: ReadonlyMap<string, number>;
  /** How far the pods' times may be off against the requests', in ms. */
  clockBoundMs: number;
}

export function historyOf({ cluster, load }: Story): History {
  const pods = cluster.pods.map(podLife);
  const firstAnswersMs = new Map<string, number>();
  for (const { pod, bucket } of load.successes) {
    const atMs = (bucket + 1) * BUCKET_MS;
    firstAnswersMs.set(pod, Math.min(atMs, firstAnswersMs.get(pod) ?? atMs));
  }
  return {
    cluster,
    load,
    pods,
    byUid: new Map(pods.map((pod) => [pod.uid, pod])),
    firstAnswersMs,
    clockBoundMs: (load.clockBoundMs ?? 0) + (cluster.clockBoundMs ?? 0),
  };
}
