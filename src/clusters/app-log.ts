/** The app's own log lines say what no one outside can see: when it began to drain and when it stopped listening. */
import * as z from 'zod';
import type { TrialClock } from '../trace/clock.ts';
import type { ContainerRecord } from '../trace/cluster-record.ts';
import { EpochMs, Version } from '../trace/units.ts';

const AppEvent = z.looseObject({ event: z.string(), wallMs: EpochMs, runtimeVersion: Version.optional() });

/** Which time of a run, or of its container, an event gives. */
export type LoggedField = 'listeningMs' | 'stopSignalMs' | 'drainingMs' | 'stoppedListeningMs' | 'endedMs';

const FIELD_OF_EVENT: ReadonlyMap<string, LoggedField> = new Map([
  ['listening', 'listeningMs'],
  ['sigterm', 'stopSignalMs'],
  ['draining', 'drainingMs'],
  ['stopped', 'stoppedListeningMs'],
  ['exit', 'endedMs'],
]);

/** An event of the app's life, as one output line tells it. */
export interface LoggedEvent {
  field: LoggedField | undefined;
  /** By the pod's own clock. */
  wallMs: number;
  runtimeVersion: string | undefined;
}

/** Reads one output line. Lines that are no such event, of any app, are passed over. */
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

/** Notes the event of one output line in the record of its container, as one of its last run. */
export function noteAppEvent(record: ContainerRecord, line: string, clock: Pick<TrialClock, 'fromEpochMs'>): void {
  const event = readAppEvent(line);
  if (event?.field) noteTime(record, event.field, clock.fromEpochMs(event.wallMs));
}

/** Notes a time where none was noted before. */
export function noteTime(record: ContainerRecord, field: LoggedField, atMs: number): void {
  if (field === 'stopSignalMs') record.stopSignalMs ??= atMs;
  else {
    const run = record.runs.at(-1);
    if (run) run[field] ??= atMs;
  }
}
