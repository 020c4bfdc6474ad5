/**
 * The times that the cases are built on, all in ms. A server does what they ask for within milliseconds or not at all, so
 * each leaves at least a few hundred on either side.
 */
import { after, type Timer } from '../timers.ts';

/** From sending something until the server has surely read it, before SIGTERM. */
export const READ_MS = 300;

/**
 * When after SIGTERM a server that drains must still be serving, and one that stops at once has surely stopped. It lies
 * between the times that are common for a delay, none and half a second. How long a drain has to be in a cluster is
 * another question, which a rollout answers (`run`); here it is whether there is one.
 */
export const DRAINING_MS = 350;

/** Within this time of its last reason to wait, a server has ended or closed a connection. */
export const PROMPT_MS = 2000;

/** What a server has for an answer that it could give at once. */
export const ANSWER_MS = 10_000;

/** A connection without a byte is the server's from then on: some have the kernel hold it back for a second. */
export const HELD_BACK_MS = 1300;

/**
 * A process gets its signal this long after its port was seen open, or later, except where a case is about the start. Deno,
 * for example, treats an unhandled SIGTERM differently in its first 0.7 s. The time counts from the open port, because on a
 * busy machine the start alone can take that long.
 */
export const SETTLED_MS = 1500;

/** Resolves after that time, or when `promise` settles with undefined in its place. */
export function orAfter<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: Timer | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = after(ms, () => resolve(undefined));
  });
  return Promise.race([promise, late]).finally(() => timer?.cancel());
}
