/** What a reader needs to know to understand the results, one sentence per line. */
import { upperBound } from '../analysis/bounds.ts';
import { disruptionNoun } from '../analysis/disruption-words.ts';
import { BY_HAND, type TrialResult } from '../analysis/result.ts';
import { largest, smallest } from '../extremes.ts';
import type { Run } from '../results/run.ts';
import { DIRECT } from '../trace/trace.ts';
import { count, counted, percent } from './format.ts';
import { gatewayNotes } from './gateways.ts';
import { pausesNotes } from './pauses.ts';
import { sessionNotes } from './sessions.ts';
import { undecidedNotes } from './undecided.ts';

/** @param trials of one kind of disruption, and controls */
function exposedInWords(trials: readonly TrialResult[]): string {
  const kind = trials.find(({ disruption }) => disruption !== undefined)?.disruption;
  const during =
    kind === 'restart'
      ? 'the kill and the moment the container was ready again'
      : kind === 'bad-version'
        ? 'the change of the version and the end of its undoing'
        : `the first deletion and the moment the last router dropped the last ${kind === 'scale-down' ? 'deleted' : 'old'} pod`;
  const to = kind === undefined || kind === 'command' ? 'rollout' : disruptionNoun(kind);
  return `the requests exposed to the ${to}: those in flight or started between ${during} (control: all requests).`;
}

/** What happened beyond the pods; empty for a rollout. */
function disruptionNotes(trials: readonly TrialResult[]): string[] {
  const refused = trials.reduce((sum, trial) => sum + (trial.refusedEvictions ?? 0), 0);
  const lines =
    refused === 0
      ? []
      : [
          `A PodDisruptionBudget refused ${counted(refused, 'eviction')} (429 Too Many Requests); each was tried again after 5 s, as kubectl drain does.`,
        ];
  if (trials.some(({ disruption }) => disruption === 'restart')) {
    lines.push(
      'A killed container gets no signal and no preStop hook, so no hook, grace period or SIGTERM handler helps. Requests in flight are lost (unexplained: none of the causes); new connections are refused until the kubelet and the routers notice. Clients that retry are not affected.',
    );
  }
  return lines;
}

function discardedNotes(trials: readonly TrialResult[]): string[] {
  const again = trials.filter(({ discarded }) => discarded !== undefined).length;
  if (again === 0) return [];
  const were = again === 1 ? 'was' : 'were';
  return [
    `${counted(again, 'trial')} ${were} measured twice: the first time, this machine was too busy for the load to keep its schedule.`,
  ];
}

export function notes({ kind, trials }: Pick<Run, 'kind' | 'trials'>): string[] {
  return kind === 'comparison' ? comparisonNotes(trials) : ownServiceNotes(trials);
}

export function comparisonNotes(trials: readonly TrialResult[]): string[] {
  const lines = trials.some((trial) => trial.cluster !== BY_HAND)
    ? [`"N" in "0 of N" counts ${exposedInWords(trials)}`]
    : [
        '"N" in "0 of N" counts all requests. These results were measured by hand. The pods were not observed, so every cause is unknown.',
      ];
  lines.push(...disruptionNotes(trials), ...discardedNotes(trials));
  const clean = cleanReplacements(trials);
  if (clean !== undefined) lines.push(clean);
  const repeats = largest(
    trials.map((trial) => trial.repeat + 1),
    0,
  );
  if (repeats > 1) lines.push(`Each cell is the sum of ${repeats} rollouts.`);
  if (trials.some((trial) => trial.pid1 === false)) {
    lines.push(
      'Processes were not PID 1 here, so those without a SIGTERM handler died at once. As PID 1 in a container they ignore the signal.',
    );
  }
  const retries = trials.reduce((sum, trial) => sum + (trial.hiddenRetries ?? 0), 0);
  if (retries > 0) lines.push(`${counted(retries, 'request')} reached a pod twice: the client retried them by itself.`);
  return [
    ...lines,
    ...undecidedNotes(trials),
    ...gatewayNotes(trials),
    ...pausesNotes(trials),
    ...sessionNotes(trials),
  ];
}

/** For the rollouts of a user's own service. */
export function ownServiceNotes(trials: readonly TrialResult[]): string[] {
  const lines = [`"Exposed" counts ${exposedInWords(trials)}`];
  lines.push(...disruptionNotes(trials), ...discardedNotes(trials));
  const before = trials.reduce((sum, { failedBefore }) => sum + failedBefore, 0);
  if (before > 0) {
    lines.push(`Not counted: ${counted(before, 'request')} that failed before the rollout could have caused it.`);
  }
  if (trials.some(({ headless }) => headless)) {
    lines.push(
      'The Service is headless. Clients are assumed to resolve its name for each new connection, without a cache, and to know the port that the pods listen on, because a headless Service does not map ports.',
    );
  }
  lines.push(...assumptionNotes(trials));
  lines.push(...undecidedNotes(trials), ...gatewayNotes(trials), ...pausesNotes(trials));
  if (trials.some(({ hiddenRetries, through }) => hiddenRetries === null && through === DIRECT)) {
    lines.push('Unknown: whether a client retried a request by itself (no response carried x-request-count).');
  }
  if (trials.some((trial) => trial.pid1 === false)) {
    lines.push('Unknown: what the command does with SIGTERM as PID 1. It is PID 1 in a container, but was not here.');
  }
  return [...lines, ...sessionNotes(trials)];
}

/** What the measurement assumes about containers that could not run here as they run in a cluster. */
export function assumptionNotes(trials: readonly TrialResult[]): string[] {
  const { standIns = [] } = trials.find((trial) => trial.standIns) ?? {};
  const lines = standIns.map(({ name, init }) => {
    const assumed = init
      ? `init container ${name} does its work`
      : `container ${name} is always ready and ends at once on its stop signal`;
    return `Assumed: ${assumed}. It did not run here (to run it: --exec ${name}="COMMAND").`;
  });
  if (trials.some(({ sharedNetwork }) => sharedNetwork)) {
    lines.push(
      "Pods had no network of their own here. They share this machine's, so their ports are those in PORT and PORT_n, not those of the manifest on localhost.",
    );
  }
  return lines;
}

/**
 * A bound that holds even though failures are clustered. The bound per request assumes that requests fail
 * independently, but they do not: a pod that ends too early breaks many at once (bench/results/honest-bound.json).
 */
function cleanReplacements(trials: readonly TrialResult[]): string | undefined {
  const valid = trials.filter((trial) => trial.variant === 'valid');
  const runtimes = [...new Set(valid.map((trial) => trial.runtime))];
  const replaced = runtimes.map((runtime) =>
    valid.filter((trial) => trial.runtime === runtime).reduce((sum, trial) => sum + trial.podsReplaced, 0),
  );
  const fewest = smallest(replaced);
  if (runtimes.length === 0 || fewest === 0 || valid.some((trial) => trial.failed > 0)) return undefined;
  const on = runtimes.length === 1 ? '' : ' on each runtime';
  const none =
    fewest === 1
      ? `The one replaced pod${on} dropped no request`
      : `None of the ${count(fewest)} replaced pods${on} dropped a request`;
  return `Failures cluster by pod. ${none}, so at most ${percent(upperBound(0, fewest))} of pods do (95 % confidence).`;
}
