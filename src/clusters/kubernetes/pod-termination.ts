/** Derives how a pod terminated: from its log or, if that is not read, from its manifest and events. Pure. */
import type { Container, LifecycleHandler } from '../../kubernetes-rules/objects.ts';
import type { ClusterEvent, ContainerRecord, HookRecord, PodRecord } from '../../trace/cluster-record.ts';
import { describeHook } from '../describe-hook.ts';

/** A hook whose failure was reported later than this long before the end of the grace period may have outlasted it. */
const EVENT_RESOLUTION_MS = 1000;

/** The reason of the event for a failed hook. Its message contains neither the cause nor the exit code. */
const FAILED_HOOK = 'FailedPreStopHook';

/**
 * The longest delay with which a watch reports a deletion, in ms. On a machine whose cores were all busy, 149 ms were
 * observed. A stop signal earlier than that had another cause, such as a failed liveness probe.
 */
const MAX_WATCH_LAG_MS = 2000;

/**
 * Moves a deletion back to the stop signal if it was recorded later. The pod logs the signal when it arrives, but the
 * deletion is recorded only when the watch reports it.
 */
export function withDeletionBeforeSignal(record: PodRecord): PodRecord {
  const { deletionMs } = record;
  if (deletionMs === undefined) return record;
  const signalsMs = record.containers.flatMap(({ stopSignalMs }) => stopSignalMs ?? []);
  const causedMs = signalsMs.filter((signalMs) => deletionMs - signalMs <= MAX_WATCH_LAG_MS);
  return { ...record, deletionMs: Math.min(deletionMs, ...causedMs) };
}

export interface Ending {
  containers: readonly Container[];
  gracePeriodMs: number;
  events: readonly ClusterEvent[];
}

/**
 * Adds each container's hook and the time at which its stop signal was due: at the deletion, after its preStop sleep,
 * or when its hook was reported to have failed. Unknown after any other hook, whose duration is unknown, and for a
 * native sidecar, which outlasts the app.
 */
export function withDueTermination(record: PodRecord, { containers, gracePeriodMs, events }: Ending): PodRecord {
  const { deletionMs } = record;
  if (deletionMs === undefined) return record;
  const failures = events.filter(({ type, pod }) => type === FAILED_HOOK && pod?.uid === record.uid);
  return {
    ...record,
    containers: record.containers.map((container) => {
      if (container.role === 'sidecar') return container;
      const handler = containers.find(({ name }) => name === container.name)?.lifecycle?.preStop;
      const failure = failures.find(({ message }) => message.includes(`{${container.name}}`)) ?? failures[0];
      return withHook(container, handler, { deletionMs, gracePeriodMs, failedMs: failure?.atMs });
    }),
  };
}

interface Times {
  deletionMs: number;
  gracePeriodMs: number;
  failedMs: number | undefined;
}

function withHook(container: ContainerRecord, handler: LifecycleHandler | undefined, times: Times): ContainerRecord {
  const { deletionMs, gracePeriodMs, failedMs } = times;
  if (!handler) return { ...container, stopSignalMs: deletionMs };
  const hook = { ...describeHook(handler), startedMs: deletionMs };
  if (handler.sleep) {
    const endedMs = deletionMs + handler.sleep.seconds * 1000;
    return { ...container, stopSignalMs: endedMs, hook: { ...hook, endedMs, outcome: 'succeeded' } };
  }
  // Without a failure event its duration is unknown.
  if (failedMs === undefined) return container;
  const overMs = deletionMs + gracePeriodMs;
  const outlasted = failedMs >= overMs - EVENT_RESOLUTION_MS;
  const outcome: HookRecord['outcome'] = outlasted ? 'outlasted-grace' : 'failed';
  const endedMs = outlasted ? overMs : failedMs;
  return { ...container, stopSignalMs: endedMs, hook: { ...hook, endedMs, outcome } };
}
