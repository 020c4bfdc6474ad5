/** The app's own log lines say what no one outside can see: when it began to drain and when it stopped listening. */
import { z } from 'zod';
import type { TrialClock } from '../trace/clock.ts';
import type { PodRecord } from '../trace/trace.ts';

const AppEvent = z.looseObject({ event: z.string(), wallMs: z.number() });

const FIELD_OF_EVENT: Record<string, 'listeningMs' | 'sigtermMs' | 'drainingMs' | 'stoppedListeningMs'> = {
  listening: 'listeningMs',
  sigterm: 'sigtermMs',
  draining: 'drainingMs',
  stopped: 'stoppedListeningMs',
};

/** Notes the event of one output line in the pod's record. Lines that are no such event, of any app, are passed over. */
export function noteAppEvent(record: PodRecord, line: string, clock: TrialClock): void {
  if (!line.startsWith('{')) return;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return; // any program may print a line that merely looks like JSON
  }
  const parsed = AppEvent.safeParse(value);
  const field = parsed.success ? FIELD_OF_EVENT[parsed.data.event] : undefined;
  if (parsed.success && field) record[field] ??= clock.fromEpochMs(parsed.data.wallMs);
}
