/**
 * A run as JUnit XML. The verdict decides what is a failure and what an error. A comparison has a suite per runtime and
 * a case per variant. The rollouts of a user's own service and its control are a case each, and a search for a fix is a
 * single case.
 */
import { byCell, cellKey } from '../analysis/cells.ts';
import type { TrialResult } from '../analysis/result.ts';
import type { Complaint, Judgement } from '../results/judge.ts';
import { OWN, trialName } from '../results/trial-name.ts';
import { isControl } from '../trace/controls.ts';
import { complaintLine } from './complaints.ts';
import type { ReportContents } from './contents.ts';
import { count, counted, percent, rate } from './format.ts';
import { triedRows } from './found-fix.ts';
import { headline } from './headline.ts';
import { rolledName, rolledTitle } from './names.ts';
import { type Cell, matrix } from './summary.ts';
import { element, xmlRoot, xmlText } from './xml.ts';

interface Suite {
  name: string;
  cases: Case[];
}

interface Case {
  name: string;
  /** The last part of its class name. */
  group: string;
  trials: readonly TrialResult[];
  /** The outcome in words. */
  text: string;
  complaints: readonly Complaint[];
}

type Outcome = 'passed' | 'failure' | 'error';

/** The class name of rollouts of the user's own server: a command would be split at its dots. */
const OWN_GROUP = 'run';

/** Needs no traces. */
export function junitReport({ run, judgement }: Pick<ReportContents, 'run' | 'judgement'>): string {
  const suites = suitesOf(run, judgement);
  const root = xmlRoot('testsuites', {
    name: 'k8s-rollout-test',
    ...totals(suites.flatMap(({ cases }) => cases)),
  });
  for (const { name, cases } of suites) {
    const suite = element(root, 'testsuite', { name, ...totals(cases) });
    for (const { name, group, trials, text, complaints } of cases) {
      const rolloutsMs = trials.reduce((sum, result) => sum + (result.rolloutMs ?? 0), 0);
      const time = (rolloutsMs / 1000).toFixed(3);
      const testcase = element(suite, 'testcase', { name, classname: `k8s-rollout-test.${group}`, time });
      const outcome = outcomeOf(complaints);
      if (outcome === 'error') element(testcase, 'error', { message: 'invalid' }, reasons(complaints));
      if (outcome === 'failure') element(testcase, 'failure', { message: failureMessage(trials, complaints) }, text);
      element(testcase, 'system-out', {}, text);
    }
  }
  return xmlText(root);
}

function suitesOf(run: ReportContents['run'], judgement: Judgement): Suite[] {
  if (run.kind === 'find-fix') return [{ name: serverName(run), cases: [fixCase(run, judgement)] }];
  const suites = run.kind === 'comparison' ? comparisonSuites(run.trials, judgement) : [ownSuite(run, judgement)];
  // Problems of the run as a whole, such as runtimes that cannot be compared, belong to no trial and get a case of
  // their own.
  const complaints = judgement.complaints.filter(({ trial }) => trial === undefined);
  if (!complaints.some(({ kind }) => kind !== 'hint')) return suites;
  const whole: Case = { name: 'run', group: run.kind, trials: [], text: reasons(complaints), complaints };
  return [...suites, { name: 'the whole run', cases: [whole] }];
}

/** The repeats of a variant make one case. */
function comparisonSuites(trials: readonly TrialResult[], judgement: Judgement): Suite[] {
  const { columns, rows } = matrix(trials);
  const trialsOf = byCell(trials);
  const complaintsOn = complaintsByTrial(judgement);
  return columns.map((column) => {
    const cells = rows.flatMap((row) => row.cells).filter((cell) => cell?.runtime === column.runtime) as Cell[];
    const cases = cells.map((cell): Case => {
      const of = trialsOf.get(cellKey(cell)) ?? [];
      return {
        name: cell.variant,
        group: column.runtime,
        trials: of,
        text: cellText(cell),
        complaints: of.flatMap((trial) => complaintsOn.get(trialName(trial)) ?? []),
      };
    });
    return { name: rolledTitle(column), cases };
  });
}

function ownSuite({ trials }: ReportContents['run'], judgement: Judgement): Suite {
  const inOrder = [
    ...trials.filter((trial) => isControl(trial.variant)),
    ...trials.filter((trial) => !isControl(trial.variant)),
  ];
  const complaintsOn = complaintsByTrial(judgement);
  const cases = inOrder.map((trial): Case => {
    const text = matrix([trial]).rows.flatMap(({ cells }) => cells.map((cell) => (cell ? cellText(cell) : '')));
    return {
      name: `${rolledName(trial)}: ${trialName(trial)}`,
      group: OWN_GROUP,
      trials: [trial],
      text: text.join('\n'),
      complaints: complaintsOn.get(trialName(trial)) ?? [],
    };
  });
  return { name: serverName({ trials }), cases };
}

function serverName({ trials }: Pick<ReportContents['run'], 'trials'>): string {
  return rolledName(trials[0] ?? { runtime: OWN });
}

/** The sets that were tried are not cases of their own, because they may break requests. */
function fixCase(run: ReportContents['run'], judgement: Judgement): Case {
  const tried = run.fix ? triedRows(run.fix).map(([set, outcome]) => `${set}: ${outcome}`) : [];
  const changes = run.fix?.changes.map(({ what }) => what) ?? [];
  return {
    name: `${serverName(run)}: fix`,
    group: OWN_GROUP,
    trials: run.trials,
    text: [headline(run, judgement).text, ...changes, 'failed in each rollout:', ...tried].join('\n'),
    complaints: judgement.complaints,
  };
}

function complaintsByTrial({ complaints }: Judgement): Map<string, Complaint[]> {
  const byTrial = new Map<string, Complaint[]>();
  for (const complaint of complaints) {
    if (complaint.trial === undefined) continue;
    const same = byTrial.get(complaint.trial);
    if (same) same.push(complaint);
    else byTrial.set(complaint.trial, [complaint]);
  }
  return byTrial;
}

function outcomeOf(complaints: readonly Complaint[]): Outcome {
  const kinds = complaints.map(({ kind }) => kind);
  if (kinds.includes('invalid')) return 'error';
  return kinds.includes('broke') || kinds.includes('not-found') ? 'failure' : 'passed';
}

function totals(cases: readonly Case[]) {
  const of = (outcome: Outcome) => cases.filter(({ complaints }) => outcomeOf(complaints) === outcome).length;
  return { tests: cases.length, failures: of('failure'), errors: of('error') };
}

function reasons(complaints: readonly Complaint[]): string {
  return complaints.map((complaint) => complaintLine(complaint).replace(/^invalid: /, '')).join('\n');
}

function failureMessage(trials: readonly TrialResult[], complaints: readonly Complaint[]): string {
  if (complaints.some(({ kind }) => kind === 'not-found')) return reasons(complaints);
  const failed = trials.reduce((sum, trial) => sum + trial.failed, 0);
  return `${counted(failed, 'request')} broke`;
}

function cellText(cell: Cell): string {
  if (cell.failed === 0) {
    return `0 of ${counted(cell.exposed, 'exposed request')} broke (at most ${percent(cell.failedUpperBound)})`;
  }
  const perPod = cell.podsReplaced > 1 ? `, ${rate(cell.failed / cell.podsReplaced)} per pod replaced` : '';
  const causes = cell.causes.map((cause) => `${cause.name}: ${count(cause.failed)}`);
  return [`${counted(cell.failed, 'request')} broke${perPod}`, ...causes].join('\n');
}
