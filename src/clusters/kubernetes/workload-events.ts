/** Which events of a namespace concern a workload. Pure. */
import type { CoreV1Event } from '@kubernetes/client-node';

/** The characters of a ReplicaSet's hash. Source: apimachinery/pkg/util/rand, SafeEncodeString. */
const REPLICA_SET_HASH = /^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/;

/**
 * Whether an event concerns a controller of the workload's pods: the Deployment, one of its ReplicaSets, the
 * StatefulSet or the DaemonSet. An event does not name the owner of its object, so a ReplicaSet is recognized by its name.
 */
export function isOfController({ involvedObject }: CoreV1Event, workload: string): boolean {
  const { kind, name } = involvedObject ?? {};
  if (!name) return false;
  if (kind === 'Deployment' || kind === 'StatefulSet' || kind === 'DaemonSet') return name === workload;
  if (kind !== 'ReplicaSet' || !name.startsWith(`${workload}-`)) return false;
  return REPLICA_SET_HASH.test(name.slice(workload.length + 1));
}
