import type { Trace } from '../trace/trace.ts';

/** A path that the service does not serve looks like a broken service; the statuses before any rollout show it. */
export function statusHint({ load, disruption }: Trace): string | undefined {
  const untilMs = disruption?.atMs ?? Number.POSITIVE_INFINITY;
  const statuses = load.failures
    .filter(({ client, startedMs }) => client.error === 'status' && startedMs < untilMs)
    .map(({ client }) => client.status);
  const [status] = statuses;
  if (status === undefined || statuses.some((other) => other !== status)) return undefined;
  const requests = statuses.length === 1 ? '1 request was' : `${statuses.length} requests were`;
  return `${requests} answered ${status} with no rollout going on: name a path that answers 2xx with --path`;
}
