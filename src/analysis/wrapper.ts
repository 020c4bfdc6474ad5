/** What the wrapper of the server (npm, a shell, an init) did with the stop signal, as far as it was observed. Pure. */
import * as z from 'zod';
import { MAX_CONTAINERS, MAX_SIGNALS, type WrapperRecord } from '../trace/cluster-record.ts';
import { DurationMs, listOf, Text } from '../trace/units.ts';
import type { History } from './history.ts';
import { EXIT_SLACK_MS } from './timeline.ts';

export const Wrapper = z.object({
  names: listOf(Text, MAX_CONTAINERS).describe("from PID 1 down to the server's parent"),
  server: Text.describe('the process that listens'),
  fault: z
    .enum(['keeps-signal', 'other-signal', 'ended-first', 'ended-server'])
    .nullable()
    .describe(
      'keeps-signal: the server did not get the stop signal; other-signal: it got a different one; ended-first: PID 1 did not ' +
        'wait for the server; ended-server: the wrapper ended the server; null: none was observed',
    ),
  examined: z.boolean().describe('whether it was observed what it does with the stop signal'),
  signals: listOf(Text, MAX_SIGNALS).describe('signals that reached the server'),
  afterMs: DurationMs.nullable().describe('time from the stop signal until it ended the container or the server'),
});
export type Wrapper = z.infer<typeof Wrapper>;

/** A server without a handler dies within this time, in ms, of a stop signal that is passed on to it. */
const DEATH_MS = 100;

/** The wrapper of the server; null if PID 1 is the server, or if that could not be observed. */
export function wrapperSeen(rollouts: readonly History[], stopSignal: string): Wrapper | null {
  const seen = rollouts.flatMap(({ cluster }) =>
    cluster.pods.flatMap(({ containers }) =>
      containers.flatMap(({ serves, runs }) => (serves ? runs.flatMap(({ wrapper }) => wrapper ?? []) : [])),
    ),
  );
  const wrappers = seen.map((record) => describe(record, stopSignal));
  return (
    wrappers.find(({ fault }) => fault !== null) ?? wrappers.find(({ examined }) => examined) ?? wrappers[0] ?? null
  );
}

function describe({ names, server, stop }: WrapperRecord, stopSignal: string): Wrapper {
  const fault = stop ? faultOf(stop, stopSignal) : null;
  const afterMs = (fault && (stop?.firstEndedMs ?? stop?.serverEndedMs)) ?? null;
  return { names, server, fault, examined: stop !== undefined, signals: stop?.signals ?? [], afterMs };
}

/**
 * A server without a handler dies of the signal that is passed on to it. A wrapper that exits with it is not to blame.
 */
function faultOf(stop: NonNullable<WrapperRecord['stop']>, stopSignal: string): Wrapper['fault'] {
  const { handled, signals, firstEndedMs, serverEndedMs } = stop;
  const endedMs = firstEndedMs ?? serverEndedMs;
  if (endedMs !== undefined && !handled && endedMs <= DEATH_MS) return null;
  if (endedMs !== undefined) return firstEndedMs === undefined ? 'ended-server' : 'ended-first';
  if (signals.length === 0) return 'keeps-signal';
  return signals.includes(stopSignal) ? null : 'other-signal';
}

/** Whether the wrapper, and not the server, ended what ended `ageMs` after the stop signal. */
export function isByWrapper(wrapper: Wrapper | null, ageMs: number, stopSignal: string): boolean {
  if (!wrapper?.fault) return false;
  if (!wrapper.signals.includes(stopSignal)) return true;
  const { afterMs } = wrapper;
  return afterMs !== null && ageMs >= afterMs - Math.min(EXIT_SLACK_MS, afterMs / 2);
}
