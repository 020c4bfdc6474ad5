/** The app's own log lines say what no one outside can see: when it began to drain and when it stopped listening. */
import { z } from 'zod';
import type { TrialClock } from '../trace/clock.ts';
import type { PodRecord } from '../trace/trace.ts';

const AppEvent = z.looseObject({ event: z.string(), wallMs: z.number(), runtimeVersion: z.string().optional() });

const FIELD_OF_EVENT: Record<string, 'listeningMs' | 'sigtermMs' | 'drainingMs' | 'stoppedListeningMs' | 'exitMs'> = {
  listening: 'listeningMs',
  sigterm: 'sigtermMs',
  draining: 'drainingMs',
  stopped: 'stoppedListeningMs',
  exit: 'exitMs',
};

/** An event of the app's life, as one output line tells it. */
export interface LoggedEvent {
  field: (typeof FIELD_OF_EVENT)[string] | undefined;
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
  return { field: FIELD_OF_EVENT[event], wallMs, runtimeVersion };
}

/** Notes the event of one output line in the pod's record. */
export function noteAppEvent(record: PodRecord, line: string, clock: Pick<TrialClock, 'fromEpochMs'>): void {
  const event = readAppEvent(line);
  if (event?.field) record[event.field] ??= clock.fromEpochMs(event.wallMs);
}
