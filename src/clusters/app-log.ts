/**
 * Reads the app's lifecycle log, which shows what cannot be observed from outside: when it began to drain and stopped
 * listening.
 */
import * as z from 'zod';
import type { TrialClock } from '../trace/clock.ts';
import type { ContainerRecord } from '../trace/cluster-record.ts';
import { EpochMs, Version } from '../trace/units.ts';

const AppEvent = z.looseObject({ event: z.string(), wallMs: EpochMs, runtimeVersion: Version.optional() });

/** The field of a container's run, or of the container, that an event sets. */
export type LoggedField = 'listeningMs' | 'stopSignalMs' | 'drainingMs' | 'stoppedListeningMs' | 'endedMs';

const FIELD_OF_EVENT: ReadonlyMap<string, LoggedField> = new Map([
  ['listening', 'listeningMs'],
  ['sigterm', 'stopSignalMs'],
  ['draining', 'drainingMs'],
  ['stopped', 'stoppedListeningMs'],
  ['exit', 'endedMs'],
]);

/** A lifecycle event of the app, from one output line. */
export interface LoggedEvent {
  field: LoggedField | undefined;
  /** By the clock of the pod, in epoch ms. */
  wallMs: number;
  runtimeVersion: string | undefined;
}

/** Parses one output line. Undefined for any line that is not a lifecycle event. */
export function readAppEvent(line: string): LoggedEvent | undefined {
  if (!line.startsWith('{')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined; // any program may print a line that merely looks like JSON
  }
  const parsed = AppEvent.safeParse(value);
  if (!parsed.success) return undefined;
  const { event, wallMs, runtimeVersion } = parsed.data;
  return { field: FIELD_OF_EVENT.get(event), wallMs, runtimeVersion };
}

/** Records the event of an output line, if it is one, in the container's record. */
export function noteAppEvent(record: ContainerRecord, line: string, clock: Pick<TrialClock, 'fromEpochMs'>): void {
  const event = readAppEvent(line);
  if (event?.field) noteTime(record, event.field, clock.fromEpochMs(event.wallMs));
}

/** Records a time, unless the record has one already. Times of a run belong to the container's last run. */
export function noteTime(record: ContainerRecord, field: LoggedField, atMs: number): void {
  if (field === 'stopSignalMs') record.stopSignalMs ??= atMs;
  else {
    const run = record.runs.at(-1);
    if (run) run[field] ??= atMs;
  }
}
