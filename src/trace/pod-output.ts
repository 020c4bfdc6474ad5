/** What pods have printed, which may hold secrets. Pure. */
import type { Trace } from './trace.ts';

/**
 * The trace without anything that a pod printed: the last lines of each container, and the messages of events, which quote
 * them, a hook's or a probe's. What was read from the app's own lifecycle events stays: their times, and its version.
 */
export function withoutPodOutput(trace: Trace): Trace {
  const { pods, events } = trace.cluster;
  return {
    ...trace,
    cluster: {
      ...trace.cluster,
      pods: pods.map((pod) => ({ ...pod, containers: pod.containers.map(({ log: _, ...container }) => container) })),
      events: events.map((event) => ({ ...event, message: '' })),
    },
  };
}
