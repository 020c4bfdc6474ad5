/** What the rollouts of a user's own server broke, for the terminal: the verdict first. */
import Table from 'cli-table3';
import type { Advice } from '../analysis/advice.ts';
import { type CauseId, causeById } from '../analysis/causes.ts';
import type { TrialResult } from '../analysis/result.ts';
import { printableName } from '../printable.ts';
import type { Complaint, Judgement } from '../results/judge.ts';
import type { Run } from '../results/run.ts';
import { trialName } from '../results/trial-name.ts';
import { CONTROL, isControl, PAUSES } from '../trace/controls.ts';
import { fixLines, hookLines, measuredLines } from './advice.ts';
import { assumptionLines } from './assumptions.ts';
import { complaintLine } from './complaints.ts';
import { count, counted, rate, seconds } from './format.ts';
import { headline } from './headline.ts';
import { wayInWords } from './names.ts';
import { ownServiceNotes } from './notes.ts';
import { shutdownWords } from './shutdown-words.ts';
import { matrix } from './summary.ts';
import { colorsFor, moodColor, sessionTable } from './terminal.ts';

/** Words and a table, ending with a newline. A run that cannot be trusted shows its problems instead of causes and advice. */
export function renderOwnService(
  run: Pick<Run, 'kind' | 'trials' | 'advice' | 'fix'>,
  judgement: Judgement,
  colors = colorsFor(process.stdout),
): string {
  const { text, mood } = headline(run, judgement);
  const findings =
    judgement.state === 'invalid'
      ? problemLines(judgement.complaints)
      : [
          ...(run.advice ? spaced(hookLines(run.advice)) : []),
          ...causes(run.trials, run.advice),
          ...(run.advice ? measured(run.advice) : []),
        ];
  const sessions = sessionTable(run.trials);
  const lines = [
    moodColor(mood, colors)(text),
    ...assumptionLines(run.trials),
    '',
    ...(findings.length > 0 ? [...findings, ''] : []),
    table(run.trials),
    ...(sessions === undefined ? [] : [sessions]),
    ...ownServiceNotes(run.trials),
  ];
  return `${lines.join('\n')}\n`;
}

/** A heading, and a line for each complaint. */
export function problemLines(complaints: readonly Complaint[]): string[] {
  return ['Problems:', ...complaints.map((complaint) => `  ${complaintLine(complaint)}`)];
}

/** Why a killed container broke requests: no setting of the manifest and no signal handler prevents it. */
const KILLED: Partial<Record<CauseId, string>> = {
  unexplained: 'The container was killed by SIGKILL while it worked on the request.',
  'not-ready': 'The request was sent to the pod while its container was down, before the routers had noticed.',
};

/** The causes of all rollouts together, the most frequent first, each with the fixes that follow from these rollouts. */
function causes(trials: readonly TrialResult[], advice: Advice | undefined): string[] {
  const { rows } = matrix(trials.filter((trial) => !isControl(trial.variant)));
  const cells = rows.flatMap((row) => row.cells.filter((cell) => cell !== undefined));
  const found = cells.flatMap((cell) => cell.causes.map((cause) => ({ ...cause, through: cell.through })));
  return found.flatMap(({ id, failed, through }) => {
    const { number, name, explanation, fix } = causeById(id);
    const killed = trials.some(({ disruption }) => disruption === 'restart') && KILLED[id];
    const general = killed ? [] : [fix];
    const fixes = advice && advice.server.pods > 0 ? fixLines(id, advice) : general;
    const seen = killed || (advice && id === 'no-graceful-shutdown' ? shutdownWords(advice.server) : undefined);
    return [
      `${counted(failed, 'request')}${cells.length > 1 ? ` ${wayInWords(through)}` : ''}: ${name} (cause ${number})`,
      `  Why: ${seen || explanation}`,
      ...fixes.map((line) => `  Fix: ${line}`),
      '',
    ];
  });
}

function measured(advice: Advice): string[] {
  const lines = measuredLines(advice);
  return lines.length === 0 ? [] : ['Measured:', ...lines.map((line) => `  ${line}`)];
}

function spaced(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [...lines, ''];
}

export const TRIAL_HEAD = ['', 'requests', 'exposed', 'failed', 'outage', 'took', 'p50', 'p99', 'slowest'];

/** A row for each trial, the control first, as TRIAL_HEAD names its columns. */
export function trialRows(trials: readonly TrialResult[]): string[][] {
  const ms = (value: number | undefined) => (value === undefined ? '–' : `${rate(value)} ms`);
  return controlFirst(trials).map((trial) => [
    printableName(trialName(trial)),
    count(trial.requests),
    count(trial.exposed),
    count(trial.failed),
    trial.longestOutageMs > 0 ? seconds(trial.longestOutageMs) : '–',
    trial.rolloutMs === null ? '–' : seconds(trial.rolloutMs),
    ...[trial.latencyMs?.p50, trial.latencyMs?.p99, trial.latencyMs?.max].map(ms),
  ]);
}

function table(trials: readonly TrialResult[]): string {
  const rows = new Table({
    head: TRIAL_HEAD,
    colAligns: ['left', ...Array<'right'>(8).fill('right')],
    style: { head: [], border: [], compact: true },
  });
  rows.push(...trialRows(trials));
  return rows.toString();
}

function controlFirst(trials: readonly TrialResult[]): TrialResult[] {
  const place = ({ variant, repeat }: TrialResult) => (variant === CONTROL ? -2 : variant === PAUSES ? -1 : repeat);
  return [...trials].sort((a, b) => place(a) - place(b));
}
