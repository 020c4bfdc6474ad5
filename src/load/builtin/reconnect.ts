/**
 * When a client opens its session again. Browsers' EventSource waits 3 s (5 s in Firefox) each time, and WebSocket libraries
 * each have a policy of their own. This one is what they are advised to do: soon, but not all at the same moment, and
 * more and more slowly while it fails.
 */
import type { Random } from '../../random.ts';

/** After a session that was open: within this time, at random. */
export const FIRST_RECONNECT_MS = 250;
/** After each failed attempt the wait doubles, up to this. */
export const LONGEST_RECONNECT_MS = 8000;
/** A session that ends sooner counts as a failed attempt, so that a server that ends each at once is not stormed. */
export const STABLE_SESSION_MS = 1000;

/**
 * How long to wait before the next attempt, in ms. After `failures` failed attempts in a row it is between half of
 * 250 ms × 2^failures and all of it, at random, and at most 8 s.
 */
export function reconnectDelayMs(failures: number, random: Random): number {
  if (failures === 0) return random.next() * FIRST_RECONNECT_MS;
  const longestMs = Math.min(LONGEST_RECONNECT_MS, FIRST_RECONNECT_MS * 2 ** failures);
  return longestMs * (0.5 + 0.5 * random.next());
}

/** How many sessions are opened per second when the load begins. */
const OPENED_PER_S = 500;

/** When the client with that number opens its first session, in ms after the beginning of the load. */
export function firstOpeningMs(client: number): number {
  return (client * 1000) / OPENED_PER_S;
}
