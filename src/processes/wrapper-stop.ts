/**
 * Finds out what a container's wrapper (a shell, a package manager, an init) does with the stop signal. From outside, a
 * wrapper that exits before its server looks like a server that exits, because the kernel kills every process of a PID
 * namespace with its PID 1. So the server is paused (SIGSTOP): a wrapper that exits anyway did not wait for it. Linux
 * only.
 */
import { delay } from '../timers.ts';
import { signalIfAlive } from './process-group.ts';
import { processesOf, processFacts } from './process-list.ts';
import type { ProcessRoles } from './process-names.ts';
import { signalsOf } from './process-signals.ts';

export interface WrapperStop {
  /** The server, or its runtime, has a handler for the stop signal (Node and Go always install one). */
  handled: boolean;
  /** The signals that reached the server. A signal without a handler ends the server instead and is not listed. */
  signals: NodeJS.Signals[];
  /** From the stop signal to the end of the first process, if it did not wait for the server, in ms. */
  firstEndedMs?: number;
  /** From the stop signal to the end of the server, if the server ended first, in ms. */
  serverEndedMs?: number;
}

/** The first process of a container. */
export interface FirstProcess {
  readonly firstPid: number | undefined;
  signal(name: NodeJS.Signals): void;
}

const POLL_MS = 5;
const STOP_LIMIT_MS = 1000;
/**
 * Signals that do not come from the wrapper: this program pauses the server with SIGSTOP, and the kernel sends SIGKILL
 * when PID 1 ends.
 */
const NOT_FROM_WRAPPER: ReadonlySet<NodeJS.Signals> = new Set(['SIGSTOP', 'SIGKILL']);
/** A wrapper that has not forwarded the signal by then does not forward it. */
export const PASS_ON_MS = 2000;

/**
 * Pauses the server of a container and sends the container the stop signal. The container is unusable afterwards.
 * Resolves when the first process or the server has ended, or after `limitMs`.
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
    for (const name of signalsOf(server.pid)?.pending ?? []) if (!NOT_FROM_WRAPPER.has(name)) signals.add(name);
    const stop = { handled, signals: [...signals] };
    // Check this after the server: PID 1 begins to end before the processes that it takes down with it.
    if (firstPid === undefined || isEnding(firstPid)) return { ...stop, firstEndedMs: seenMs };
    if (serverEnded) return { ...stop, serverEndedMs: seenMs };
    const heard = signals.size > 0 || seenMs < PASS_ON_MS;
    if (!heard || seenMs >= limitMs || aborted.aborted) return stop;
    await delay(POLL_MS);
  }
}

/**
 * Resolves when they have stopped, which takes a while on a busy machine. A signal sent earlier could be delivered
 * before.
 */
async function pause(pids: readonly number[]): Promise<void> {
  for (const pid of pids) signalIfAlive(pid, 'SIGSTOP');
  const endMs = performance.now() + STOP_LIMIT_MS;
  const runs = (pid: number) => !/^[TZX]?$/.test(signalsOf(pid)?.state ?? '');
  while (pids.some(runs) && performance.now() < endMs) await delay(POLL_MS);
}

/** A process and its descendants. */
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

/**
 * Whether it has ended or is about to. An exiting process frees its memory first, and has no arguments from then on.
 */
function isEnding(pid: number): boolean {
  return hasEnded(pid) || processFacts(pid)?.args.length === 0;
}
