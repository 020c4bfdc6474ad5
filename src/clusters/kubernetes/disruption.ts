/** Carries out each kind of disruption on a real cluster, through its API. */
import type { V1Pod } from '@kubernetes/client-node';
import { EnvironmentError } from '../../errors.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import type { DisruptionOutcome, PlannedDisruption } from '../../trace/disruption.ts';
import { apiError, unlessAborted } from './api.ts';
import { badVersion } from './bad-version.ts';
import { patchWorkload, podAnnotation } from './change-workload.ts';
import type { DisruptedWorkload } from './disrupted-workload.ts';
import { cordonNode, type Evicting, evictPod, podsToDrain } from './evictions.ts';
import { killContainer } from './kill-container.ts';
import { isReady } from './pod-timeline.ts';

/** What must happen before the load, if anything: a rollback needs a second revision to return from. */
export async function prepare({ kind }: PlannedDisruption, workload: DisruptedWorkload): Promise<void> {
  if (kind !== 'rollback') return;
  workload.observer.beginRollout();
  await rollout(workload, new Date().toISOString(), 'finish the rollout before the rollback');
}

/** @param planned anything but a command */
export async function carryOut(planned: PlannedDisruption, workload: DisruptedWorkload): Promise<DisruptionOutcome> {
  workload.observer.beginRollout();
  switch (planned.kind) {
    case 'rollout':
      await rollout(workload, new Date().toISOString(), 'finish the rollout');
      return {};
    case 'rollback':
      await rollout(workload, formerAnnotation(workload), 'finish the rollback');
      return {};
    case 'bad-version':
      return badVersion(workload);
    case 'scale-down':
      return scaleDown(planned.replicas, workload);
    case 'drain':
      return drain(planned.node, workload);
    case 'evict':
      return evictOne(workload);
    case 'delete-pod':
      return deleteOne(workload);
    case 'restart':
      return restart(workload);
    case 'command':
      throw new Error('a command is run by the cluster on which the workload already serves');
  }
}

/** Changes an annotation of the pods, as `kubectl rollout restart` does; the old value again is `rollout undo`. */
async function rollout(workload: DisruptedWorkload, value: string | null, what: string): Promise<void> {
  const { api, reference, manifests, observer, signal, annotation, settled } = workload;
  const replaced = observer.pods.present.filter((pod) => isReplaced(pod, manifests)).map(uidOf);
  const change = podAnnotation(annotation, value);
  const generation = await unlessAborted(signal, patchWorkload(api, reference, change, 'restart'));
  await settled(what, { generation, also: () => observer.pods.gone(replaced) });
}

/** A StatefulSet leaves the pods below its partition as they are. */
function isReplaced({ metadata }: V1Pod, { workload }: Manifests): boolean {
  if (workload.kind !== 'StatefulSet') return true;
  const ordinal = Number(metadata?.name?.slice(workload.metadata.name.length + 1));
  return ordinal >= (workload.spec.updateStrategy.rollingUpdate?.partition ?? 0);
}

function formerAnnotation({ manifests, annotation }: DisruptedWorkload): string | null {
  return manifests.workload.spec.template.metadata?.annotations?.[annotation] ?? null;
}

async function scaleDown(replicas: number, workload: DisruptedWorkload): Promise<DisruptionOutcome> {
  const { api, reference, signal, ownsNamespace, cleanUps, settled } = workload;
  const scale = (to: number) => patchWorkload(api, reference, { replicas: to }, 'scale');
  if (!ownsNamespace) cleanUps.push(() => scale(workload.replicas));
  const generation = await unlessAborted(signal, scale(replicas));
  await settled('scale down', { generation, replicas });
  return {};
}

async function drain(node: string, workload: DisruptedWorkload): Promise<DisruptionOutcome> {
  const { api, observer, signal, ownsNamespace, cleanUps, settled } = workload;
  const own = observer.pods.present.filter(({ spec }) => spec?.nodeName === node);
  if (own.length === 0) {
    throw new EnvironmentError(`--event drain=${node}: no pod of ${workload.reference.name} is on that node`);
  }
  const pods = ownsNamespace ? own : await unlessAborted(signal, podsToDrain(api, node));
  const cordoned = await unlessAborted(signal, cordonNode(api, node, true));
  if (!cordoned) cleanUps.push(() => cordonNode(api, node, false));
  const refused = await Promise.all(pods.map((pod) => evictPod(pod, evicting(workload))));
  await settled(`become ready again after the drain of ${node}`, { also: () => observer.pods.gone(own.map(uidOf)) });
  return { refusedEvictions: refused.reduce((sum, count) => sum + count, 0) };
}

async function evictOne(workload: DisruptedWorkload): Promise<DisruptionOutcome> {
  const pod = firstPod(workload);
  const refusedEvictions = await evictPod(pod, evicting(workload));
  await afterwards(workload, pod, 'eviction');
  return { pod: uidOf(pod), refusedEvictions };
}

async function deleteOne(workload: DisruptedWorkload): Promise<DisruptionOutcome> {
  const { api, signal } = workload;
  const pod = firstPod(workload);
  const { name = '', namespace = '' } = pod.metadata ?? {};
  await unlessAborted(signal, api.core.deleteNamespacedPod({ name, namespace })).catch((error: unknown) => {
    signal.throwIfAborted();
    throw apiError(error, `delete the pod ${name}`, api);
  });
  await afterwards(workload, pod, 'deletion');
  return { pod: uidOf(pod) };
}

async function restart(workload: DisruptedWorkload): Promise<DisruptionOutcome> {
  const { observer, settled } = workload;
  const pod = firstPod(workload);
  const runs = observer.pods.servingRuns(uidOf(pod));
  await killContainer(pod, workload);
  const restarted = () => observer.pods.servingRuns(uidOf(pod)) > runs;
  await settled('become ready again after the restart', { also: restarted });
  return { pod: uidOf(pod) };
}

function afterwards({ observer, settled }: DisruptedWorkload, pod: V1Pod, what: string): Promise<void> {
  return settled(`become ready again after the ${what}`, { also: () => observer.pods.gone([uidOf(pod)]) });
}

function evicting({ api, signal, observer }: DisruptedWorkload): Evicting {
  return { api, signal, onRefused: (pod, message) => observer.noteRefusal(pod, message) };
}

/** The first ready pod by name. */
function firstPod({ observer, reference }: DisruptedWorkload): V1Pod {
  const [first] = observer.pods.present
    .filter((pod) => isReady(pod) && !pod.metadata?.deletionTimestamp)
    .sort((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1));
  if (!first) throw new EnvironmentError(`no pod of ${reference.kind} ${reference.name} is ready`);
  return first;
}

function uidOf({ metadata }: V1Pod): string {
  return metadata?.uid ?? metadata?.name ?? '';
}
