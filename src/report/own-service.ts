/** What the rollouts of one's own service broke, for the terminal: the verdict first. */
import Table from 'cli-table3';
import type { Advice } from '../analysis/advice.ts';
import { upperBound } from '../analysis/bounds.ts';
import { causeById } from '../analysis/causes.ts';
import type { TrialResult } from '../analysis/result.ts';
import { type OwnVerdict, trialName } from '../own-service/verdict.ts';
import { fixLines, hookLines, measuredLines } from './advice.ts';
import { count, percent, rate, seconds } from './format.ts';
import { type Cell, matrix } from './summary.ts';
import { colorsFor } from './terminal.ts';

/** Words and a table, ending with a newline. */
export function renderOwnService(
  trials: readonly TrialResult[],
  { state }: Pick<OwnVerdict, 'state'>,
  advice: Advice,
  colors = colorsFor(process.stdout),
): string {
  const rollouts = trials.filter((trial) => trial.variant !== 'control');
  const [total] = matrix(rollouts).rows.flatMap((row) => row.cells);
  const lines = [
    headline(total, state, colors),
    '',
    ...spaced(hookLines(advice)),
    ...(total ? causes(total, advice) : []),
    ...measured(advice),
    '',
    table(trials),
    'Exposed: in flight or started from the first deletion until the last router had forgotten the last old pod (control: all).',
    ...unknowns(trials),
  ];
  return `${lines.join('\n')}\n`;
}

function headline(total: Cell | undefined, state: OwnVerdict['state'], colors: ReturnType<typeof colorsFor>): string {
  if (!total) return colors.yellow('INVALID: no rollout was measured');
  const { failed, exposed, repeats, podsReplaced } = total;
  const rollouts = `${repeats} ${repeats === 1 ? 'rollout' : 'rollouts'}`;
  const broke = `${count(failed)} of ${count(exposed)} exposed requests broke in ${rollouts}`;
  const bound = `at most ${percent(upperBound(failed, exposed))}, 95 % confidence`;
  if (state === 'invalid') return colors.yellow(`INVALID: ${broke}, but the measurement cannot be trusted`);
  if (failed === 0) return colors.green(`OK: ${broke} (${bound})`);
  const perPod = `${rate(failed / Math.max(1, podsReplaced))} per pod replaced`;
  return state === 'ok'
    ? colors.green(`OK: ${broke} (${perPod}), no more than allowed`)
    : colors.red(`BROKEN: ${broke} (${perPod})`);
}

/** Each cause with what removes its failures, by the figures of these rollouts where there are some. */
function causes(total: Cell, advice: Advice): string[] {
  return total.causes.flatMap(({ id, failed }) => {
    const { number, name, explanation, fix } = causeById(id);
    const fixes = advice.server.pods > 0 ? fixLines(id, advice) : [fix];
    return [
      `${count(failed)} × cause ${number}, ${name}. ${explanation}`,
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

function table(trials: readonly TrialResult[]): string {
  const rows = new Table({
    head: ['', 'requests', 'exposed', 'failed', 'outage', 'took', 'p50', 'p99', 'slowest'],
    colAligns: ['left', ...Array<'right'>(8).fill('right')],
    style: { head: [], border: [], compact: true },
  });
  const ms = (value: number | undefined) => (value === undefined ? '–' : `${rate(value)} ms`);
  for (const trial of inOrder(trials)) {
    rows.push([
      trialName(trial),
      count(trial.requests),
      count(trial.exposed),
      count(trial.failed),
      trial.longestOutageMs > 0 ? seconds(trial.longestOutageMs) : '–',
      trial.rolloutMs === null ? '–' : seconds(trial.rolloutMs),
      ...[trial.latencyMs?.p50, trial.latencyMs?.p99, trial.latencyMs?.max].map(ms),
    ]);
  }
  return rows.toString();
}

/** The control first. */
function inOrder(trials: readonly TrialResult[]): TrialResult[] {
  const place = ({ variant, repeat }: TrialResult) => (variant === 'control' ? -1 : repeat);
  return [...trials].sort((a, b) => place(a) - place(b));
}

function unknowns(trials: readonly TrialResult[]): string[] {
  const lines: string[] = [];
  if (trials.some((trial) => trial.hiddenRetries === null)) {
    lines.push('Not known: whether a client repeated a request by itself (no response carried x-request-count).');
  }
  if (trials.some((trial) => trial.pid1 === false)) {
    lines.push('Not known: what the command does with SIGTERM as PID 1, which it is in a container and was not here.');
  }
  return lines;
}
