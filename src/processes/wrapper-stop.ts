/**
 * What a container's wrapper (a shell, a package manager, an init) does with the stop signal. From outside, a wrapper that
 * ends before its server looks like a server that ends: the kernel ends every process of a PID namespace with its PID 1. So
 * the server is kept from running (SIGSTOP), and what ends all the same has not waited for it. Linux alone.
 */
import { delay } from '../timers.ts';
import { signalIfAlive } from './process-group.ts';
import { processesOf, processFacts } from './process-list.ts';
import type { ProcessRoles } from './process-names.ts';
import { signalsOf } from './process-signals.ts';

export interface WrapperStop {
  /** The server has a handler for the stop signal, or one that its runtime installs (Node and Go always do). */
  handled: boolean;
  /** The signals that came to the server; one that it has no handler for ends it and is not among them. */
  signals: NodeJS.Signals[];
  /** From the stop signal to the end of the first process, where that did not wait for the server, in ms. */
  firstEndedMs?: number;
  /** From the stop signal to the end of the server, where that came first, in ms. */
  serverEndedMs?: number;
}

/** The first process of a container. */
export interface FirstProcess {
  readonly firstPid: number | undefined;
  signal(name: NodeJS.Signals): void;
}

const LOOK_MS = 5;
const STOP_LIMIT_MS = 1000;
/** What keeps the server from running, and what the kernel sends when PID 1 ends. */
const OF_OURS: ReadonlySet<NodeJS.Signals> = new Set(['SIGSTOP', 'SIGKILL']);
/** A wrapper that has not passed the signal on by then does not. */
export const PASS_ON_MS = 2000;

/**
 * Sends the stop signal to a container whose server is kept from running; the container is of no use afterwards. Resolves
 * when something has ended, or after `limitMs`.
 */
export async function stopWithoutServer(
  container: FirstProcess,
  { server }: ProcessRoles,
  stopSignal: NodeJS.Signals,
  limitMs: number,
  aborted: AbortSignal,
): Promise<WrapperStop> {
  const { firstPid } = container;
  const handled = signalsOf(server.pid)?.handled.has(stopSignal) ?? false;
  await pause(descendants(firstPid, server.pid));
  const startedMs = performance.now();
  const signals = new Set<NodeJS.Signals>();
  container.signal(stopSignal);
  for (;;) {
    const seenMs = performance.now() - startedMs;
    const serverEnded = hasEnded(server.pid);
    for (const name of signalsOf(server.pid)?.pending ?? []) if (!OF_OURS.has(name)) signals.add(name);
    const stop = { handled, signals: [...signals] };
    // Asked after the server: the end of PID 1 begins before that of the others, which it takes along.
    if (firstPid === undefined || isEnding(firstPid)) return { ...stop, firstEndedMs: seenMs };
    if (serverEnded) return { ...stop, serverEndedMs: seenMs };
    const heard = signals.size > 0 || seenMs < PASS_ON_MS;
    if (!heard || seenMs >= limitMs || aborted.aborted) return stop;
    await delay(LOOK_MS);
  }
}

/** Resolves when they have stopped, on a busy machine some time later: a signal sent before that may be seen first. */
async function pause(pids: readonly number[]): Promise<void> {
  for (const pid of pids) signalIfAlive(pid, 'SIGSTOP');
  const endMs = performance.now() + STOP_LIMIT_MS;
  const runs = (pid: number) => !/^[TZX]?$/.test(signalsOf(pid)?.state ?? '');
  while (pids.some(runs) && performance.now() < endMs) await delay(LOOK_MS);
}

/** The process and those that it has started. */
function descendants(firstPid: number | undefined, pid: number): number[] {
  const processes = processesOf(firstPid);
  const found = [pid];
  for (const parent of found) {
    found.push(...processes.filter(({ parentPid }) => parentPid === parent).map((child) => child.pid));
  }
  return found;
}

function hasEnded(pid: number): boolean {
  const state = signalsOf(pid)?.state;
  return state === undefined || state === 'Z' || state === 'X';
}

/** It has ended, or is about to: a process gives its memory back first, and has no arguments from then on. */
function isEnding(pid: number): boolean {
  return hasEnded(pid) || processFacts(pid)?.args.length === 0;
}
