/** The figures behind a trial's picture, as tables that can be read without the picture and without a mouse. */
import { decidingAttempt, explanationOf } from '../../analysis/attribution.ts';
import { CAUSE_IDS, causeById, type Explanation } from '../../analysis/causes.ts';
import { historyOf } from '../../analysis/history.ts';
import { podMoments } from '../../analysis/moments.ts';
import type { TrialResult } from '../../analysis/result.ts';
import { decodeHistogram, percentileMs } from '../../trace/histogram.ts';
import type { FailedRequest } from '../../trace/load-record.ts';
import type { Trace } from '../../trace/trace.ts';
import { count } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { shortNames } from '../names.ts';
import { type Frame, frameOf, timeWindow, zeroInWords } from '../picture/frame.ts';
import { podsInOrder, timesInWords } from '../picture/lanes.ts';
import { SESSION_HEAD, SESSIONS_TITLE, sessionRows } from '../sessions.ts';
import { alternatives } from '../undecided.ts';
import { causeLabel } from './swatch.ts';
import { table } from './table.ts';

/** If a trial has more broken requests than this, their start times are given as a range. */
const MAX_STARTS = 2000;
const PERCENTILES = [50, 90, 99, 99.9];

/** One row per pod, with all of its events. */
export function podTable(trace: Trace): Markup {
  const frame = frameOf(timeWindow(trace));
  const pods = podsInOrder(trace);
  const short = shortNames(pods.map((pod) => pod.name));
  const rows = pods.map(
    (pod) =>
      markup`<tr><th scope="row">${short.get(pod.name)}</th><td>${pod.node}</td><td>${timesInWords(podMoments(pod, trace), frame)}</td></tr>`,
  );
  return table('Pods', ['pod', 'node', `what happened, in s after the ${zeroInWords(trace)}`], rows);
}

/** One row for each kind of broken request: how many there were, and when each of them started. */
export function brokenTable(trace: Trace): Markup {
  const { failures } = trace.load;
  const frame = frameOf(timeWindow(trace));
  const short = shortNames(trace.cluster.pods.map((pod) => pod.name));
  const rows = alike(trace).map(({ cause, undecided, requests }) => {
    const { scenario, client, pod } = kindOf(requests[0] as FailedRequest);
    const { connection, phase, error, status, detail } = client;
    const seen = `${scenario}: ${connection} connection, ${phase}, ${error}${status === undefined ? '' : ` ${status}`}`;
    const choice = alternatives(undecided.map((id) => causeById(id).name));
    return markup`<tr><td>${causeLabel(cause)}${choice && markup` <small>${choice}</small>`}</td><td>${seen}${detail ? markup` <small>${detail}</small>` : ''}</td><td>${pod === undefined ? 'none' : (short.get(pod) ?? pod)}</td><td class="num">${count(requests.length)}</td><td class="starts">${starts(requests, frame, failures.length)}</td></tr>`;
  });
  const head = ['cause', 'what was seen', 'sent to', 'requests', `started, in s after the ${zeroInWords(trace)}`];
  return table('Broken requests', head, rows);
}

/** What became of the sessions; empty if the load held none open. */
export function sessionTable(trials: readonly TrialResult[]): Markup {
  const rows = sessionRows(trials).map(
    ([label, ...cells]) =>
      markup`<tr><th scope="row">${label}</th>${cells.map((cell) => markup`<td class="num">${cell}</td>`)}</tr>`,
  );
  return rows.length === 0 ? markup`` : table(SESSIONS_TITLE, ['trial', ...SESSION_HEAD.slice(1)], rows);
}

/** Latency percentiles of the answered requests, by scenario. */
export function latencyTable({ load }: Trace): Markup {
  const rows = Object.entries(load.latency).map(([scenario, encoded]) => {
    const histogram = decodeHistogram(encoded);
    const values = [...PERCENTILES.map((percent) => percentileMs(histogram, percent)), histogram.maxValue / 1000];
    return markup`<tr><th scope="row">${scenario}</th><td class="num">${count(histogram.totalCount)}</td>${values.map((value) => markup`<td class="num">${milliseconds(value)}</td>`)}</tr>`;
  });
  const head = ['scenario', 'answered', ...PERCENTILES.map((percent) => `p${percent}`), 'max'];
  return table('Time to the last byte, in ms', head, rows);
}

/** Histograms hold three significant digits. */
function milliseconds(value: number): string {
  return value < 1000 ? String(Number(value.toPrecision(3))) : count(value);
}

function alike(trace: Trace): (Explanation & { requests: FailedRequest[] })[] {
  const groups = new Map<string, Explanation & { requests: FailedRequest[] }>();
  const history = historyOf(trace);
  for (const request of trace.load.failures) {
    const { cause, undecided } = explanationOf(request, history);
    const { scenario, client, pod } = kindOf(request);
    const { connection, phase, error, status, detail } = client;
    const key = JSON.stringify([cause, undecided, scenario, connection, phase, error, status, pod, detail]);
    const group = groups.get(key);
    if (group) group.requests.push(request);
    else groups.set(key, { cause, undecided, requests: [request] });
  }
  const place = ({ cause }: Explanation) => CAUSE_IDS.indexOf(cause);
  return [...groups.values()].sort((a, b) => place(a) - place(b) || b.requests.length - a.requests.length);
}

/** What makes broken requests alike: what the client saw, and the pod's name. */
function kindOf(request: FailedRequest) {
  return { scenario: request.scenario, client: request.client, pod: decidingAttempt(request).pod?.name };
}

function starts(requests: readonly FailedRequest[], frame: Frame, total: number): string {
  const at = (request: FailedRequest | undefined) => frame.seconds(request?.startedMs ?? 0);
  if (total > MAX_STARTS) return `${at(requests[0])} to ${at(requests.at(-1))}; the trace has each of them`;
  return requests.map(at).join(', ');
}
