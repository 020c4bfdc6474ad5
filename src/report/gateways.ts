/** What reports say about the gateways on the way, one sentence per line. */
import { causeById } from '../analysis/causes.ts';
import type { TrialResult } from '../analysis/result.ts';
import { largest } from '../extremes.ts';
import { printableName } from '../printable.ts';
import { DIRECT } from '../trace/trace.ts';
import { count, counted, seconds } from './format.ts';
import { wayInWords } from './names.ts';

/** For each gateway: its version, how late it learned of a deletion, and what it hid. Empty without one. */
export function gatewayNotes(trials: readonly TrialResult[]): string[] {
  const ways = new Set(trials.map(({ through }) => through).filter((through) => through !== DIRECT));
  return [...ways].map((way) =>
    oneGateway(
      way,
      trials.filter(({ through }) => through === way),
    ),
  );
}

function oneGateway(way: string, trials: readonly TrialResult[]): string {
  const { gateway } = trials[0] ?? {};
  const version = gateway === undefined ? '' : ` (${nameAndVersion(gateway)})`;
  if (gateway?.logUnread) return `${capitalised(wayInWords(way))}${version}: ${LOG_UNREAD}`;
  const lags = trials.map(({ gatewayLagMs }) => gatewayLagMs).filter((lagMs) => lagMs !== undefined);
  const lag =
    lags.length === 0
      ? ''
      : ` It sent requests to a deleted pod for up to ${seconds(largest(lags))} after the deletion.`;
  const closed = trials.reduce((sum, trial) => sum + (trial.closedByGateway ?? 0), 0);
  const itself =
    closed === 0
      ? ''
      : ` It closed connections to clients itself, for example to change its configuration, and lost ${counted(closed, 'request')} that came at that moment.`;
  return `${capitalised(wayInWords(way))}${version}: ${hidden(trials)}.${lag}${itself}`;
}

const LOG_UNREAD =
  'no line of its access log could be joined with a request, so what it did is unknown and most failures are unexplained. Switch its access log on, and name the workload that writes it with --gateway-logs.';

function nameAndVersion({ name, version, controller }: NonNullable<TrialResult['gateway']>): string {
  return printableName(controller === undefined ? `${name} ${version}` : `${controller}, version ${version}`);
}

/** "hidden from the client: 41 GET (keep-alive race), 3 POST (routing lag)" */
function hidden(trials: readonly TrialResult[]): string {
  const counts = new Map<string, number>();
  for (const { hiddenByGateway = [] } of trials) {
    for (const { method, cause, requests } of hiddenByGateway) {
      const what = `${printableName(method)} (${causeById(cause).name})`;
      counts.set(what, (counts.get(what) ?? 0) + requests);
    }
  }
  if (counts.size === 0) return 'it retried nothing that its log shows';
  const total = [...counts.values()].reduce((sum, requests) => sum + requests, 0);
  const parts = [...counts].sort(([, a], [, b]) => b - a).map(([what, requests]) => `${count(requests)} ${what}`);
  return `it hid ${counted(total, 'failure')} from the client by a retry: ${parts.join(', ')}`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
