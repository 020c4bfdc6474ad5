/** Removes from a trace what pods have printed, because it may contain secrets. Pure. */
import type { Trace } from './trace.ts';

/**
 * The trace without anything that a pod printed: without the last lines of each container, and without the messages of
 * events, which quote the output of hooks and probes. Keeps what was read from the app's lifecycle log: times, and its
 * version.
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
