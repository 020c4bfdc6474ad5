import type { Trace } from '../trace/trace.ts';

const SERVER_ERROR = 500;

/** A path that the service does not serve looks like a broken service; the statuses before any rollout show it. */
export function statusHint({ load, disruption }: Trace): string | undefined {
  const untilMs = disruption?.atMs ?? Number.POSITIVE_INFINITY;
  const statuses = load.failures
    .filter(({ client, startedMs }) => client.error === 'status' && startedMs < untilMs)
    .map(({ client }) => client.status);
  const [status] = statuses;
  if (status === undefined || statuses.some((other) => other !== status)) return undefined;
  // Without their number, so that the traces of one run say it once.
  const requests = `requests were answered ${status} with no rollout going on`;
  return status < SERVER_ERROR
    ? `${requests}: name a path that answers 2xx with --path`
    : `${requests}: the server fails by itself, or this load is too much for it (--rate)`;
}
