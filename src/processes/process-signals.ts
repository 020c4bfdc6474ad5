/** Which signals a process handles and which are pending for it, as /proc shows. Linux only. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

export interface ProcessSignals {
  /** One letter, as in ps: Z for a zombie. */
  state: string;
  /** Signals for which it has a handler, or which it blocks to accept them later (sigwait). */
  handled: ReadonlySet<NodeJS.Signals>;
  /** Signals that were sent to it but not delivered yet. */
  pending: ReadonlySet<NodeJS.Signals>;
}

/** Undefined if the process has ended. */
export function signalsOf(pid: number): ProcessSignals | undefined {
  try {
    return parseSignals(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Parses the text of /proc/PID/status. */
export function parseSignals(status: string): ProcessSignals {
  const named = (fields: readonly string[]) => {
    const mask = fields.reduce((bits, field) => bits | maskOf(status, field), 0n);
    const names = Object.entries(constants.signals).filter(([, number]) => (mask >> BigInt(number - 1)) & 1n);
    return new Set(names.map(([name]) => name as NodeJS.Signals));
  };
  const state = /^State:\s*(\S)/m.exec(status)?.[1] ?? '';
  return { state, handled: named(['SigCgt', 'SigBlk']), pending: named(['SigPnd', 'ShdPnd']) };
}

/** A field of /proc/PID/status as a bit mask; bit 0 is signal 1. */
function maskOf(status: string, field: string): bigint {
  const hex = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
  return BigInt(`0x${hex ?? 0}`);
}
