/** One frame of the live view, as text: a pure function of what is going on. */
import type { CellIdentity } from '../../analysis/cells.ts';
import { type PodStage, podState } from '../../analysis/moments.ts';
import { podTimeline } from '../../analysis/pod-timeline.ts';
import { printable } from '../../printable.ts';
import type { PodRecord } from '../../trace/cluster-record.ts';
import { count, counted } from '../format.ts';
import { type Colors, cut, type Piece } from './pieces.ts';
import { type Verdict, verdictLines } from './verdicts.ts';

export interface RunningTrial {
  name: string;
  stage: string;
  requests: { started: number; failed: number };
  pods: readonly PodRecord[];
  /** The cluster's last word, while it deploys. */
  lastEvent: string;
}

export interface Overview {
  done: number;
  total: number;
  /** In the trials that are done. */
  failed: number;
  /** Undefined before anything is known of it. */
  leftMs: number | undefined;
  running: readonly RunningTrial[];
  /** The trials of the run, and the results of those that are done. */
  planned: readonly CellIdentity[];
  known: readonly Verdict[];
}

const STATES: readonly { state: PodStage | 'gone'; sign: string; name: string }[] = [
  { state: 'starting', sign: '○', name: 'starting' },
  { state: 'ready', sign: '●', name: 'ready' },
  { state: 'leaving', sign: '◐', name: 'terminating' },
  { state: 'stopping', sign: '◔', name: 'SIGTERM sent' },
  { state: 'finishing', sign: '◌', name: 'not listening' },
  { state: 'gone', sign: '×', name: 'gone' },
];

/** The width of the longest stages, "deploying" and "finishing". */
const STAGE_WIDTH = 9;
const BAR_WIDTH = 24;
/** The bar, the signs' meaning, and the line that the cursor is on. */
const OTHER_LINES = 3;
/** The table of verdicts is left out where it would leave less room than this for the trials that run. */
const LEAST_TRIAL_LINES = 3;

/** Lines that fit a terminal of this size without wrapping. */
export function frame(overview: Overview, size: { columns: number; rows: number }, colors: Colors): string {
  const { running, planned, known } = overview;
  const table = verdictLines(planned, known, colors);
  const tableFits = size.rows - OTHER_LINES - table.length >= Math.min(running.length, LEAST_TRIAL_LINES);
  const room = Math.max(1, size.rows - OTHER_LINES - (tableFits ? table.length : 0));
  const shown = running.length <= room ? running : running.slice(0, room - 1);
  const lines: Piece[][] = [
    summary(overview, colors),
    ...(tableFits ? table : []),
    ...shown.map((trial) => trialLine(trial, shown, colors)),
    ...(shown.length < running.length ? [[{ text: `  and ${running.length - shown.length} more` }]] : []),
    [{ text: `  ${STATES.map(({ sign, name }) => `${sign} ${name}`).join('  ')}`, paint: colors.dim }],
  ];
  return lines.map((line) => cut(line, size.columns - 1)).join('\n');
}

/** "1 min 5 s" */
export function timeLeft(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds >= 60 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : `${seconds} s`;
}

/** What a trial broke, with the requests that were exposed where it broke none: failures may lie outside of those. */
export function brokenInWords({ failed, exposed }: { failed: number; exposed: number }): string {
  return failed > 0 ? `${count(failed)} failed` : `0 of ${count(exposed)} failed`;
}

function summary({ done, total, failed, leftMs }: Overview, colors: Colors): Piece[] {
  const full = Math.round((done / Math.max(1, total)) * BAR_WIDTH);
  return [
    { text: '█'.repeat(full), paint: colors.green },
    { text: '░'.repeat(BAR_WIDTH - full), paint: colors.dim },
    { text: ` ${done} of ${counted(total, 'trial')}${leftMs === undefined ? '' : `, ${timeLeft(leftMs)} left`}` },
    ...(failed > 0 ? [{ text: `, ${count(failed)} failed so far` }] : []),
  ];
}

/** Names and pods are padded, so that what follows stands in columns. */
function trialLine(trial: RunningTrial, running: readonly RunningTrial[], colors: Colors): Piece[] {
  const { name, stage, requests, lastEvent } = trial;
  const signs = (of: RunningTrial) => [...podSigns('old', of.pods, colors), ...podSigns('new', of.pods, colors)];
  const width = (pieces: readonly Piece[]) => pieces.reduce((sum, { text }) => sum + text.length, 0);
  const nameWidth = Math.max(...running.map((other) => other.name.length));
  const podsWidth = Math.max(...running.map((other) => width(signs(other))));
  const pods = signs(trial);
  const word = requests.started === 0 && pods.length === 0 ? printable(lastEvent) : '';
  return [
    { text: `  ${name.padEnd(nameWidth)} ` },
    { text: stage.padEnd(STAGE_WIDTH), paint: colors.dim },
    ...pods,
    { text: ' '.repeat(podsWidth - width(pods)) },
    { text: requests.started > 0 ? ` ${count(requests.started)} sent` : '' },
    { text: requests.failed > 0 ? `, ${count(requests.failed)} failed` : '', paint: colors.red },
    { text: word === '' ? '' : ` ${word}`, paint: colors.dim },
  ];
}

function podSigns(generation: PodRecord['generation'], pods: readonly PodRecord[], colors: Colors): Piece[] {
  const own = pods.filter((pod) => pod.generation === generation);
  if (own.length === 0) return [];
  const paint = (state: PodStage | 'gone') => {
    if (state === 'ready') return colors.green;
    return state === 'gone' || state === 'starting' ? colors.dim : colors.yellow;
  };
  const signs = own.map((pod) => {
    const state = podState(podTimeline(pod));
    return { text: STATES.find((known) => known.state === state)?.sign ?? '?', paint: paint(state) };
  });
  return [{ text: ` ${generation} `, paint: colors.dim }, ...signs];
}
