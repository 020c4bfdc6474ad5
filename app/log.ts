/** The log: one JSON object per line on stdout. */
import { wallMs } from './clock.ts';

export interface Runtime {
  name: 'node' | 'bun' | 'deno';
  version: string;
}

export type Fields = Record<string, unknown>;

/**
 * Writes an event. The lifecycle events are listening (host, port), sigterm (signal), draining, stopped (no longer
 * accepting connections) and exit (code, requests handled, repeated ids, and the work that was cut, if any).
 */
export type Log = (event: string, fields?: Fields) => void;

/**
 * A log whose lines all have the time (wallMs: since the epoch, monoMs: since the process started), the pod and the
 * runtime.
 */
export function createLog(pod: string, runtime: Runtime, write: (line: string) => void = console.log): Log {
  return (event, fields) => {
    const monoMs = performance.now();
    const origin = { wallMs: wallMs(), monoMs, pod, runtime: runtime.name, runtimeVersion: runtime.version };
    write(JSON.stringify({ event, ...origin, ...fields }));
  };
}
