/** Works out how a pod terminated: from its log or, where that is not read, from its manifest and events. Pure. */
import type { Container, LifecycleHandler } from '../../kubernetes-rules/objects.ts';
import type { ClusterEvent, ContainerRecord, HookRecord, PodRecord } from '../../trace/cluster-record.ts';
import { describeHook } from '../describe-hook.ts';

/** A hook whose failure was reported this long before the end of the grace period, or later, may have outlasted it. */
const EVENT_RESOLUTION_MS = 1000;

/** The reason of the event that reports a failed hook. Its message says neither why nor with which exit code. */
const FAILED_HOOK = 'FailedPreStopHook';

/**
 * How late a watch may report a deletion, in ms. On a machine whose cores were all busy, 149 was seen. A stop signal from
 * longer before had another reason, such as a failed liveness probe.
 */
const MAX_WATCH_LAG_MS = 2000;

/**
 * Moves the deletion back to the stop signal where it was recorded after it. The pod logged the signal as it came; the
 * deletion's time is when the watch reported it.
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
 * The record with each container's hook, and with the time at which its stop signal was due: at the deletion, when its
 * preStop sleep had passed, or when its hook was reported to have failed. Unknown after another hook that took its own time.
 */
export function withDueTermination(record: PodRecord, { containers, gracePeriodMs, events }: Ending): PodRecord {
  const { deletionMs } = record;
  if (deletionMs === undefined) return record;
  const failures = events.filter(({ type, pod }) => type === FAILED_HOOK && pod?.uid === record.uid);
  return {
    ...record,
    containers: record.containers.map((container) => {
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
  // Without an event nobody knows how long it took.
  if (failedMs === undefined) return container;
  const overMs = deletionMs + gracePeriodMs;
  const outlasted = failedMs >= overMs - EVENT_RESOLUTION_MS;
  const outcome: HookRecord['outcome'] = outlasted ? 'outlasted-grace' : 'failed';
  const endedMs = outlasted ? overMs : failedMs;
  return { ...container, stopSignalMs: endedMs, hook: { ...hook, endedMs, outcome } };
}
