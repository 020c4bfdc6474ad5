/** Which events of a namespace concern a workload. Pure. */
import type { CoreV1Event } from '@kubernetes/client-node';
import type { Workload } from '../../kubernetes-rules/objects.ts';

/** The characters of a ReplicaSet's hash. Source: apimachinery/pkg/util/rand, SafeEncodeString. */
const REPLICA_SET_HASH = /^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/;

/**
 * Whether an event concerns a controller of the workload's pods: the workload itself, or a ReplicaSet of the
 * Deployment. An event does not name the owner of its object, so a ReplicaSet is recognized by its name.
 */
export function isOfController(
  { involvedObject }: CoreV1Event,
  workload: Pick<Workload, 'kind' | 'metadata'>,
): boolean {
  const { kind, name } = involvedObject ?? {};
  if (!name) return false;
  const own = workload.metadata.name;
  if (kind === workload.kind) return name === own;
  if (workload.kind !== 'Deployment' || kind !== 'ReplicaSet' || !name.startsWith(`${own}-`)) return false;
  return REPLICA_SET_HASH.test(name.slice(own.length + 1));
}
