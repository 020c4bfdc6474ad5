/** Which signals a process handles and which wait for it, as /proc shows it. Linux alone. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

export interface ProcessSignals {
  /** One letter, as in ps: Z for a zombie. */
  state: string;
  /** It runs code of its own on these, or takes them when it likes (blocked ones, as for sigwait). */
  handled: ReadonlySet<NodeJS.Signals>;
  /** Sent to it, and not seen by it yet. */
  pending: ReadonlySet<NodeJS.Signals>;
}

/** Undefined when the process is gone. */
export function signalsOf(pid: number): ProcessSignals | undefined {
  try {
    return parseSignals(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** From the text of /proc/PID/status. */
export function parseSignals(status: string): ProcessSignals {
  const named = (fields: readonly string[]) => {
    const mask = fields.reduce((bits, field) => bits | maskOf(status, field), 0n);
    const names = Object.entries(constants.signals).filter(([, number]) => (mask >> BigInt(number - 1)) & 1n);
    return new Set(names.map(([name]) => name as NodeJS.Signals));
  };
  const state = /^State:\s*(\S)/m.exec(status)?.[1] ?? '';
  return { state, handled: named(['SigCgt', 'SigBlk']), pending: named(['SigPnd', 'ShdPnd']) };
}

/** Bit 0 is signal 1. */
function maskOf(status: string, field: string): bigint {
  const hex = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
  return BigInt(`0x${hex ?? 0}`);
}
