/** What reports say about controls with pauses, one sentence per line. */
import { byCell } from '../analysis/cells.ts';
import type { TrialResult } from '../analysis/result.ts';
import { largest, smallest } from '../extremes.ts';
import { printableName } from '../printable.ts';
import { count, counted } from './format.ts';
import { rolledName, wayInWords } from './names.ts';

/** One line for each server and gateway. Empty without such a control. */
export function pausesNotes(trials: readonly TrialResult[]): string[] {
  const paused = trials.filter(({ pauses }) => pauses !== undefined);
  return [...byCell(paused).values()].map(oneCell);
}

function oneCell(trials: readonly TrialResult[]): string {
  const [first] = trials as [TrialResult];
  const where = `${rolledName(first)} ${wayInWords(first.through)}, without any rollout`;
  const limits = trials.flatMap(({ pauses }) => pauses?.idleLimitMs ?? []);
  const bursts = trials.reduce((sum, { pauses }) => sum + (pauses?.bursts ?? 0), 0);
  if (limits.length === 0) {
    const watchedMs = largest(trials.map(({ pauses }) => pauses?.watchedMs ?? 0));
    return `${where}: the server's idle connections were open after ${watchedMs / 1000} s, so requests after pauses were not measured.`;
  }
  if (bursts === 0) return `${where}: the server keeps no idle connection, so requests cannot be lost on one.`;
  const closes = `the server closes idle connections after ${(smallest(limits) / 1000).toFixed(1)} s`;
  const gateway = printableName(first.gateway?.name ?? first.through);
  const lost = methodCounts(trials);
  if (lost.length === 0) {
    return `${where}: ${closes}. In this run, no request after such a pause was lost (${counted(bursts, 'burst')}). That does not show that there is no race.`;
  }
  const refused = trials.reduce((sum, { pauses }) => sum + total(pauses?.methods ?? []), 0);
  const then =
    refused === 0
      ? ''
      : ` ${gateway} then took these pods for broken, and answered ${counted(refused, 'more request')} with an error without sending them to any.`;
  return `${where}: ${lost.join(', ')} because ${closes} and ${gateway} keeps them longer; see k8s-rollout-test explain idle-timeout.${then}`;
}

function total(methods: readonly { refused: number }[]): number {
  return methods.reduce((sum, { refused }) => sum + refused, 0);
}

/** "7 of 540 POST were lost", "3 of 540 GET were hidden by a retry" */
function methodCounts(trials: readonly TrialResult[]): string[] {
  const methods = [...new Set(trials.flatMap(({ pauses }) => pauses?.methods.map(({ method }) => method) ?? []))];
  return methods.flatMap((method) => {
    const each = trials.flatMap(({ pauses }) => pauses?.methods.filter((of) => of.method === method) ?? []);
    const requests = each.reduce((sum, of) => sum + of.requests, 0);
    const lost = each.reduce((sum, of) => sum + of.lost, 0);
    const hidden = trials
      .flatMap(({ hiddenByGateway = [] }) => hiddenByGateway)
      .filter((of) => of.method === method && of.cause === 'keep-alive-race')
      .reduce((sum, of) => sum + of.requests, 0);
    const ofAll = (some: number) =>
      `${count(some)} of ${count(requests)} ${printableName(method)} ${some === 1 ? 'was' : 'were'}`;
    return [
      ...(lost > 0 ? [`${ofAll(lost)} lost`] : []),
      ...(hidden > 0 ? [`${ofAll(hidden)} hidden by a retry`] : []),
    ];
  });
}
