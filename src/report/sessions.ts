/** What became of the sessions, as a table that every report shows: a row for each scenario of each cell or trial. */
import type { TrialResult } from '../analysis/result.ts';
import type { SessionFigures } from '../analysis/sessions.ts';
import { largest, smallest } from '../extremes.ts';
import { printableName } from '../printable.ts';
import { OWN, trialName } from '../results/trial-name.ts';
import { count, preciseSeconds, rate } from './format.ts';
import { rolledName, rowName } from './names.ts';
import { inColumnOrder, rowsOf } from './summary.ts';

export const SESSIONS_TITLE = 'Sessions';

export const SESSION_HEAD = [
  '',
  'clients',
  'in order',
  'cut',
  'not opened',
  'lost per client',
  'without, p50',
  'without, max',
  'reconnects/s',
  'per pod after',
];

/**
 * As SESSION_HEAD names the columns; empty if the load held no sessions open. Repeats of a comparison are added up, and
 * trials of a user's own service have a row each.
 */
export function sessionRows(trials: readonly TrialResult[]): string[][] {
  return groups(trials).flatMap(({ label, trials }) =>
    scenariosOf(trials).map((scenario) => {
      const figures = trials.flatMap(({ sessions }) => sessions?.[scenario] ?? []);
      return [`${label}, ${printableName(scenario)}`, ...cells(figures)];
    }),
  );
}

/** What the columns mean, one sentence per line; empty without sessions. */
export function sessionNotes(trials: readonly TrialResult[]): string[] {
  if (!trials.some(({ sessions }) => sessions)) return [];
  return [
    'A session (an event stream or a WebSocket) counts as one request. It ends in order with a close frame or with the last byte of a complete response; one that ends in another way is cut.',
    '"Lost per client" is the mean, with the most in brackets. "Without" is how long a client had no session in total. "Reconnects/s" is the most attempts that one pod got within a second. "Per pod after" is the fewest and the most sessions on one pod when the load stopped.',
  ];
}

interface Group {
  label: string;
  trials: TrialResult[];
}

/** Cells of a comparison in the order of the matrix, and own trials in the order given. */
function groups(trials: readonly TrialResult[]): Group[] {
  const own = trials.filter(({ runtime }) => runtime === OWN);
  const others = trials.filter(({ runtime }) => runtime !== OWN);
  const runtimes = inColumnOrder(others.map(({ runtime }) => runtime));
  const compared = rowsOf(others).flatMap((row) =>
    runtimes.map((runtime) => ({
      label: `${rowName(row)}, ${rolledName({ runtime })}`,
      trials: others.filter(
        (trial) => trial.variant === row.variant && trial.through === row.through && trial.runtime === runtime,
      ),
    })),
  );
  return [...compared, ...own.map((trial) => ({ label: printableName(trialName(trial)), trials: [trial] }))];
}

function scenariosOf(trials: readonly TrialResult[]): string[] {
  return [...new Set(trials.flatMap(({ sessions }) => Object.keys(sessions ?? {})))];
}

function cells(figures: readonly SessionFigures[]): string[] {
  const sum = (value: (of: SessionFigures) => number) => figures.reduce((total, of) => total + value(of), 0);
  const most = (value: (of: SessionFigures) => number) => largest(figures.map(value), 0);
  const mean = sum(({ interruptions }) => interruptions.mean) / figures.length;
  const busiest = figures.flatMap(({ busiestPod }) => busiestPod?.attemptsPerSecond ?? []);
  const spreads = figures.flatMap(({ spread }) => spread ?? []);
  return [
    count(sum(({ clients }) => clients)),
    `${count(sum(({ inOrder }) => inOrder))}${codes(figures)}`,
    count(sum(({ cut }) => cut)),
    count(sum(({ notOpened }) => notOpened)),
    `${rate(mean)} (${count(most(({ interruptions }) => interruptions.most))})`,
    preciseSeconds(middle(figures.map(({ withoutSessionMs }) => withoutSessionMs.p50))),
    preciseSeconds(most(({ withoutSessionMs }) => withoutSessionMs.max)),
    busiest.length === 0 ? '–' : count(largest(busiest)),
    spreads.length === 0
      ? '–'
      : range(smallest(spreads.map(({ fewest }) => fewest)), largest(spreads.map(({ most }) => most))),
  ];
}

function range(from: number, to: number): string {
  return from === to ? count(from) : `${count(from)} to ${count(to)}`;
}

/** " (1001)": the codes of the close frames. */
function codes(figures: readonly SessionFigures[]): string {
  const seen = [...new Set(figures.flatMap(({ closeCodes }) => Object.keys(closeCodes)))].sort();
  return seen.length === 0 ? '' : ` (${seen.join(', ')})`;
}

/** The median; of two in the middle, the larger one. */
function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
