/** How a session that was open ended, as its client sees it. Pure. */
import type { SessionRecord } from '../../trace/load-record.ts';
import type { SessionScenario } from '../request-mix.ts';
import type { Outcome } from './connection.ts';

/**
 * Close codes that say that the server failed or refused the client (RFC 6455, section 7.4.1, and the IANA registry).
 * With every other code the server ends the session on purpose: 1000, 1001 (going away), 1005 (no code), 1012 (service
 * restart), 1013 (try again later), and those that applications define (3000 to 4999).
 */
const FAILURE_CODES = [1002, 1003, 1004, 1006, 1007, 1008, 1009, 1010, 1011, 1014, 1015];

export interface EndOfSession {
  how: NonNullable<SessionRecord['end']>;
  closeCode?: number;
  /** What its client saw, with an error unless it ended in order. */
  outcome: Outcome;
}

/** @param closeCode the code of the server's close frame, if one has arrived */
export function endOfSession(
  connection: SessionScenario['connection'],
  outcome: Outcome,
  closeCode?: number,
): EndOfSession {
  if (connection === 'events') {
    const cut = withDetail(outcome, 'the connection closed before the last chunk, or the end of the Content-Length');
    return { how: outcome.error ? 'cut' : 'complete', outcome: cut };
  }
  if (closeCode === undefined) {
    return { how: 'cut', outcome: withDetail(outcome, 'the connection closed without a close frame (1006)') };
  }
  if (closeCode >= 1000 && !FAILURE_CODES.includes(closeCode)) return { how: 'close-frame', closeCode, outcome };
  const error = { name: `close-${closeCode}`, detail: `the server closed the WebSocket with ${closeCode}` };
  return { how: 'cut', closeCode, outcome: { ...outcome, error } };
}

/** What it means for a session that the connection was closed with a FIN. */
function withDetail(outcome: Outcome, detail: string): Outcome {
  const { error } = outcome;
  return error?.name === 'closed' ? { ...outcome, error: { ...error, detail } } : outcome;
}
