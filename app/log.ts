/** The log: one JSON object a line on stdout. */
import { wallMs } from './clock.ts';

export interface Runtime {
  name: 'node' | 'bun' | 'deno';
  version: string;
}

export type Fields = Record<string, unknown>;

/**
 * Writes an event. The life of a pod is told by listening (host, port), sigterm (signal), draining, stopped (no new
 * connection is accepted) and exit (code, requests handled, repeated ids, and what was cut, if anything).
 */
export type Log = (event: string, fields?: Fields) => void;

/** A log whose every line carries the time (wallMs: epoch, monoMs: since the process started) and who wrote it. */
export function createLog(pod: string, runtime: Runtime, write: (line: string) => void = console.log): Log {
  return (event, fields) => {
    const monoMs = performance.now();
    const origin = { wallMs: wallMs(), monoMs, pod, runtime: runtime.name, runtimeVersion: runtime.version };
    write(JSON.stringify({ event, ...origin, ...fields }));
  };
}
