/** The hooks of a container: how long preStop may take, and what is said if a hook fails. */
import type { LifecycleHandler } from '../../kubernetes-rules/objects.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { HookRecord } from '../../trace/cluster-record.ts';
import { describeHook } from '../describe-hook.ts';
import { withDeadline } from './deadline.ts';
import { type HookEnd, type HookedContainer, runHook } from './hook.ts';

export interface PreStopOptions {
  container: HookedContainer;
  graceMs: number;
  clock: TrialClock;
  /** Aborting it ends the hook. */
  signal: AbortSignal;
}

/** What a preStop hook did, and how much of the grace period it used, in ms. */
export interface PreStopRun {
  record: HookRecord;
  usedMs: number;
  /** The message of the event; undefined if it succeeded. */
  failure: string | undefined;
}

/** Runs a preStop hook. The grace period counts it in whole seconds. */
export async function runPreStop(handler: LifecycleHandler, options: PreStopOptions): Promise<PreStopRun> {
  const { container, graceMs, clock, signal } = options;
  const startedMs = performance.now();
  const startedAtMs = clock.nowMs();
  const ended = endedSignal(container, signal);
  const end = await withDeadline(graceMs, signal, (over) => runHook(handler, container, over, ended));
  return {
    record: { ...describeHook(handler), startedMs: startedAtMs, endedMs: clock.nowMs(), ...end },
    usedMs: wholeSecondsMs(performance.now() - startedMs),
    failure: handler.sleep ? undefined : failureText(handler, end),
  };
}

/** Runs a postStart hook. Resolves to the reason if it failed; to undefined if it succeeded or the container ended. */
export async function runPostStart(
  handler: LifecycleHandler,
  container: HookedContainer,
  signal: AbortSignal,
): Promise<string | undefined> {
  const end = await runHook(handler, container, signal, endedSignal(container, signal));
  return end.outcome === 'failed' ? failureText(handler, end) : undefined;
}

/**
 * A duration in whole seconds, as the kubelet counts it, in ms. A timer may fire a fraction of a millisecond early, which
 * must not take a whole second away.
 */
export function wholeSecondsMs(ms: number): number {
  return Math.floor((ms + 1) / 1000) * 1000;
}

function failureText(handler: LifecycleHandler, { outcome, detail }: HookEnd): string | undefined {
  if (outcome === 'succeeded') return undefined;
  const { kind, what } = describeHook(handler);
  const why =
    detail ?? (outcome === 'outlasted-grace' ? 'did not finish within the grace period' : 'the container ended');
  return `${kind} ${what}: ${why}`;
}

/** Aborted when the container's process ends or the trial is cleaned up. */
function endedSignal({ exited }: HookedContainer, signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  void exited.then(() => controller.abort());
  return AbortSignal.any([signal, controller.signal]);
}
