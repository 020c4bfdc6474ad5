/** Rolls out a version whose pods never become ready, and undoes it after its progress deadline. */
import { delay } from '../../timers.ts';
import type { DisruptionOutcome } from '../../trace/disruption.ts';
import { badVersionWaitMs } from '../rollout-deadline.ts';
import { unlessAborted } from './api.ts';
import { NEVER_READY, patchWorkload, readinessGates } from './change-workload.ts';
import type { DisruptedWorkload } from './disrupted-workload.ts';
import { isReady } from './pod-timeline.ts';
import { exceededDeadline, readWorkload } from './workload.ts';

const POLL_MS = 1000;

export async function badVersion(workload: DisruptedWorkload): Promise<DisruptionOutcome> {
  const { api, reference, manifests, observer, signal, ownsNamespace, cleanUps, settled } = workload;
  const { readinessGates: before } = manifests.workload.spec.template.spec as { readinessGates?: object[] };
  const bad = readinessGates([...(before ?? []), { conditionType: NEVER_READY }]);
  const undo = () => patchWorkload(api, reference, readinessGates(before ?? null), 'undo the change of');
  if (!ownsNamespace) cleanUps.push(undo);
  await unlessAborted(signal, patchWorkload(api, reference, bad, 'change'));
  await deadlineExceeded(workload);
  const undoneMs = observer.nowMs();
  const broken = observer.pods.present.filter((pod) => !isReady(pod));
  const generation = await unlessAborted(signal, undo());
  if (reference.kind === 'StatefulSet') {
    // It waits for its broken pod to become ready, even after the template was corrected ("forced rollback").
    for (const { metadata: { name = '', namespace = '' } = {} } of broken) {
      await unlessAborted(signal, api.core.deleteNamespacedPod({ name, namespace }));
    }
  }
  const uids = broken.flatMap(({ metadata }) => metadata?.uid ?? []);
  await settled('return to the version before', { generation, also: () => observer.pods.gone(uids) });
  return { undoneMs };
}

/** Waits for the Deployment's own verdict. A StatefulSet and a DaemonSet give none. */
async function deadlineExceeded({ api, reference, manifests, signal }: DisruptedWorkload): Promise<void> {
  const pause = (ms: number) =>
    delay(ms, undefined, { signal }).catch(() => {
      throw signal.reason;
    });
  if (reference.kind !== 'Deployment') return pause(badVersionWaitMs(manifests.workload));
  while (!exceededDeadline(await unlessAborted(signal, readWorkload(api, reference)))) await pause(POLL_MS);
}
