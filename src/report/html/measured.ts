/** How a trial was measured: everything needed to judge and to repeat it. */

import { MAX_P99_LATENESS_MS } from '../../analysis/validity.ts';
import { tracePath } from '../../results/folder-layout.ts';
import { OWN } from '../../results/trial-name.ts';
import { decodeHistogram, percentileMs } from '../../trace/histogram.ts';
import type { Trace } from '../../trace/trace.ts';
import { count, counted, percent, seconds, shortSeconds } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { rolledTitle } from '../names.ts';

export function measured(trace: Trace): Markup {
  const rows = facts(trace).map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return markup`<dl>${rows}</dl>`;
}

function facts(trace: Trace): [name: string, value: string][] {
  const { trial, machine, settings, load, cluster } = trace;
  const strategy =
    settings.strategy === 'Recreate'
      ? 'Recreate'
      : `RollingUpdate, maxSurge ${settings.maxSurge}, maxUnavailable ${settings.maxUnavailable}`;
  const rolled: [string, string] = [trial.runtime === OWN ? 'server' : 'runtime', rolledTitle(trial)];
  return [
    rolled,
    ['cluster', trial.cluster],
    [settings.workload, `${counted(settings.replicas, 'replica')}, ${strategy}`],
    ['grace period', shortSeconds(settings.gracePeriodMs / 1000)],
    ['preStop sleep', settings.preStopMs === undefined ? 'none' : shortSeconds(settings.preStopMs / 1000)],
    ['PID 1', cluster.pid1 ? 'yes, each in its own PID namespace' : 'no: without a handler, SIGTERM ends the process'],
    ['load', `${load.generator}, for ${seconds(trace.loadStopMs - trace.loadStartMs)}`],
    ['requests planned', count(load.plannedRequests)],
    ['requests not started', count(load.droppedRequests)],
    ['starts late (p99)', lateness(load.lateness)],
    [
      'connections reused',
      load.connectionReuse === undefined ? 'unknown' : `${percent(load.connectionReuse)} of keep-alive requests`,
    ],
    ['hidden retries', load.hiddenRetries === undefined ? 'unknown' : hiddenRetries(load.hiddenRetries)],
    ['seed', String(trial.seed)],
    [
      'machine',
      `${machine.platform} ${machine.arch}, ${counted(machine.cores, 'core')}; program on Node ${machine.node}`,
    ],
    [
      'began',
      new Date(trace.clock.startedAtEpochMs)
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z/, ' UTC'),
    ],
    ['trace', tracePath(trial)],
  ];
}

/** "none", "3 by the client" */
function hiddenRetries(byWhom: Record<string, number>): string {
  const named = Object.entries(byWhom).filter(([, retries]) => retries > 0);
  if (named.length === 0) return 'none';
  return named.map(([who, retries]) => `${count(retries)} by the ${who}`).join(', ');
}

function lateness(encoded: string | undefined): string {
  if (encoded === undefined) return 'unknown';
  return `${percentileMs(decodeHistogram(encoded), 99).toFixed(1)} ms (at most ${MAX_P99_LATENESS_MS} ms to be valid)`;
}
