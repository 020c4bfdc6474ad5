import type { PodHandler } from '../answer.ts';
import { type Lifecycle, STATES } from '../lifecycle.ts';
import type { Runtime } from '../log.ts';
import type { RequestCounts } from '../request-counts.ts';
import type { RequestIds } from '../request-ids.ts';

export interface MetricsSources {
  lifecycle: Lifecycle;
  requestCounts: RequestCounts;
  requestIds: RequestIds;
  runtime: Runtime;
  appVersion: string;
}

type Labels = Record<string, string>;
type Sample = [labels: Labels, value: number];

/** GET /metrics : Prometheus text format 0.0.4. */
export function metrics(sources: MetricsSources): PodHandler {
  return (c) => c.body(render(sources), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
}

function render({ lifecycle, requestCounts, requestIds, runtime, appVersion }: MetricsSources): string {
  const { requests, streams, eventStreams, webSockets } = lifecycle.active;
  const perRoute = Array.from(
    requestCounts,
    ({ route, status, count }): Sample => [{ route, status: `${status}` }, count],
  );
  const perState = STATES.map((state): Sample => [{ state }, state === lifecycle.state ? 1 : 0]);
  return [
    family('http_requests_total', 'counter', 'Requests answered, by route and status.', perRoute),
    family('http_requests_in_flight', 'gauge', 'Requests not answered yet, this one included.', [[{}, requests]]),
    family('http_streams_in_flight', 'gauge', 'Finite response bodies being sent.', [[{}, streams]]),
    family('http_event_streams_open', 'gauge', 'Open event streams.', [[{}, eventStreams]]),
    family('web_sockets_open', 'gauge', 'Open WebSockets.', [[{}, webSockets]]),
    family('http_request_ids_repeated_total', 'counter', 'Requests with an x-request-id seen before.', [
      [{}, requestIds.repeated],
    ]),
    family('pod_state', 'gauge', '1 for the state of the service, 0 for the others.', perState),
    family('process_start_time_seconds', 'gauge', 'Start of the process, in seconds since the epoch.', [
      [{}, performance.timeOrigin / 1000],
    ]),
    family('process_uptime_seconds', 'gauge', 'Time since the start of the process, in seconds.', [
      [{}, performance.now() / 1000],
    ]),
    family('app_info', 'gauge', 'Always 1; the runtime and the versions are in the labels.', [
      [{ runtime: runtime.name, runtime_version: runtime.version, version: appVersion }, 1],
    ]),
  ].join('');
}

function family(name: string, type: 'counter' | 'gauge', help: string, samples: Sample[]): string {
  const lines = samples.map(([labels, value]) => `${name}${renderLabels(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function renderLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}

/** The three escapes that the format has. */
function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
