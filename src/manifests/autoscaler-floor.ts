/** The lowest number of replicas that an autoscaler of the input lets a workload have. */
import * as z from 'zod';
import { minReplicasOf } from '../kubernetes-rules/defaults.ts';
import type { Workload } from '../kubernetes-rules/objects.ts';
import type { KubernetesObject } from '../kubernetes-rules/written-objects.ts';
import { type Manifests, withWorkload } from './manifests.ts';
import { nameOf } from './placed-objects.ts';
import { groupKind } from './routes.ts';

interface Floor {
  replicas: number;
  /** The autoscaler: `HorizontalPodAutoscaler "shop"`. */
  by: string;
}

const Target = z.looseObject({ kind: z.string().optional(), name: z.string() });
const Autoscaler = z.looseObject({
  spec: z.looseObject({
    scaleTargetRef: Target,
    minReplicas: z.int().optional(),
    /** A ScaledObject of KEDA. */
    minReplicaCount: z.int().optional(),
  }),
});

/**
 * Undefined if no autoscaler targets the workload, or if it may scale it down to none: then the number that is written
 * counts, because there are requests.
 */
function autoscalerFloor(objects: readonly KubernetesObject[], workload: Workload): Floor | undefined {
  const floors = objects.flatMap((object): Floor[] => {
    const keda = groupKind(object) === 'keda.sh/ScaledObject';
    if (!keda && groupKind(object) !== 'autoscaling/HorizontalPodAutoscaler') return [];
    const spec = Autoscaler.safeParse(object).data?.spec;
    if (!spec || !targets(spec.scaleTargetRef, workload) || !sameNamespace(object, workload)) return [];
    return [{ replicas: keda ? (spec.minReplicaCount ?? 0) : minReplicasOf(spec), by: nameOf(object) }];
  });
  return floors.find(({ replicas }) => replicas > 0);
}

function targets({ kind = 'Deployment', name }: z.infer<typeof Target>, workload: Workload): boolean {
  return kind === workload.kind && name === workload.metadata.name;
}

/** A namespace that is not written is the one that the input is applied to. */
function sameNamespace({ metadata }: KubernetesObject, workload: Workload): boolean {
  const [one, other] = [metadata.namespace, workload.metadata.namespace];
  return one === undefined || other === undefined || one === other;
}

/** An autoscaler sets the number of replicas, at least to its lowest. It leaves a workload without replicas alone. */
export function withFloor(manifests: Manifests): Manifests {
  const { workload, objects, notes } = manifests;
  const floor = autoscalerFloor(objects, workload);
  if (!floor || workload.kind === 'DaemonSet') return manifests;
  const { replicas } = workload.spec;
  if (replicas === 0 || replicas >= floor.replicas) return manifests;
  const scaled = withWorkload(manifests, (written) => {
    const copy = structuredClone(written);
    if (copy.kind !== 'DaemonSet') copy.spec.replicas = floor.replicas;
    return copy;
  });
  const note = `runs ${floor.replicas} replicas instead of ${replicas}: ${floor.by} keeps at least that many`;
  return { ...scaled, notes: [...notes, note] };
}
