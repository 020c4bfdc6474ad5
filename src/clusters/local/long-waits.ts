/** Rejects manifests whose rollout would take longer than a trial may last. Pure. */
import { InputError } from '../../errors.ts';
import type { Probe, Workload } from '../../kubernetes-rules/objects.ts';
import { progressDeadlineSeconds } from '../../kubernetes-rules/progress-deadline.ts';
import { LONGEST_TRIAL_MS } from '../rollout-deadline.ts';

interface Wait {
  field: string;
  /** The least time that every pod spends on it, in ms. */
  ms: number;
}

/** @throws InputError that names the field because of which each pod takes longer than a trial may last */
export function assertEndsInTime({ workload, source }: { workload: Workload; source: string }): void {
  const long = waitsOf(workload).find(({ ms }) => ms > LONGEST_TRIAL_MS);
  if (!long) return;
  throw new InputError(
    `${source}: ${workload.kind} "${workload.metadata.name}": ${long.field} makes each pod take at least ` +
      `${Math.round(long.ms / 1000)} s, but a trial lasts at most ${LONGEST_TRIAL_MS / 3_600_000} h: set a lower value for the measurement`,
  );
}

function waitsOf(workload: Workload): Wait[] {
  const progressDeadlineMs = progressDeadlineSeconds(workload) * 1000;
  const waits: Wait[] = [{ field: 'spec.minReadySeconds', ms: workload.spec.minReadySeconds * 1000 }];
  for (const [index, container] of workload.spec.template.spec.containers.entries()) {
    const at = `spec.template.spec.containers[${index}]`;
    const sleepSeconds = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
    waits.push({ field: `${at}.lifecycle.preStop.sleep.seconds`, ms: sleepSeconds * 1000 });
    for (const name of ['startupProbe', 'readinessProbe'] as const) {
      const probe = container[name];
      // A shorter progress deadline ends the rollout earlier.
      if (probe) waits.push({ field: `${at}.${name}`, ms: Math.min(untilSuccessMs(probe), progressDeadlineMs) });
    }
  }
  return waits;
}

function untilSuccessMs({ initialDelaySeconds, periodSeconds, successThreshold }: Probe): number {
  return (initialDelaySeconds + (successThreshold - 1) * periodSeconds) * 1000;
}
