import type { Trace } from '../trace/trace.ts';

const SERVER_ERROR = 500;

/**
 * A path that the service does not serve makes the service look broken. If all errors before the rollout have the same
 * status, the hint says so.
 */
export function statusHint({ load, disruption }: Trace): string | undefined {
  const untilMs = disruption?.atMs ?? Number.POSITIVE_INFINITY;
  const statuses = load.failures
    .filter(({ client, startedMs }) => client.error === 'status' && startedMs < untilMs)
    .map(({ client }) => client.status);
  const [status] = statuses;
  if (status === undefined || statuses.some((other) => other !== status)) return undefined;
  // Without the number of requests, so that all traces of a run give the same hint.
  const requests = `requests were answered ${status} with no rollout going on`;
  return status < SERVER_ERROR
    ? `${requests}: name a path that answers 2xx with --path`
    : `${requests}: the server fails by itself, or this load is too much for it (--rate)`;
}
