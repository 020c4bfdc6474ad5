import type { Trace } from '../trace/trace.ts';

/** A path that the service does not serve looks like a broken service; the statuses before any rollout show it. */
export function statusHint({ load, rolloutMs = Number.POSITIVE_INFINITY }: Trace): string | undefined {
  const statuses = load.failures
    .filter((request) => request.error === 'status' && request.startedMs < rolloutMs)
    .map((request) => request.status);
  const [status] = statuses;
  if (status === undefined || statuses.some((other) => other !== status)) return undefined;
  const requests = statuses.length === 1 ? '1 request was' : `${statuses.length} requests were`;
  return `${requests} answered ${status} with no rollout going on: name a path that answers 2xx with --path`;
}
