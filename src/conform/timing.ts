/**
 * The times that the cases are built on, all in ms. A server does what they expect within milliseconds or not at all,
 * so each time leaves a margin of at least a few hundred on either side.
 */
import { after, type Timer } from '../timers.ts';

/** From sending something until the server has certainly read it, before SIGTERM. */
export const READ_MS = 300;

/**
 * The time after SIGTERM at which a draining server must still serve, and at which a server that stops at once has
 * certainly stopped. It lies between the two common delays, none and half a second. How long a drain must be in a
 * cluster is a different question, which a rollout answers (`run`); the cases only check whether there is one.
 */
export const DRAINING_MS = 350;

/** A server must end, or close a connection, within this time after its last reason to wait. */
export const PROMPT_MS = 2000;

/** The time that a server has for a response that it could send immediately. */
export const ANSWER_MS = 10_000;

/**
 * After this time the server has accepted a connection without data: some servers let the kernel hold it back for a
 * second.
 */
export const HELD_BACK_MS = 1300;

/**
 * A process gets its signal at least this long after its port was seen open, except in cases about the start. Deno, for
 * example, treats an unhandled SIGTERM differently in its first 0.7 s. The time counts from the open port, because on a
 * busy machine the start alone can take that long.
 */
export const SETTLED_MS = 1500;

/** Resolves to the result of `promise`, or to undefined after `ms`. */
export function orAfter<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: Timer | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = after(ms, () => resolve(undefined));
  });
  return Promise.race([promise, late]).finally(() => timer?.cancel());
}
