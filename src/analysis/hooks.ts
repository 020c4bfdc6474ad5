/** What the preStop hooks of the replaced pods did. */
import * as z from 'zod';
import { type ContainerRecord, type HookRecord, MAX_CONTAINERS } from '../trace/cluster-record.ts';
import type { Trace } from '../trace/trace.ts';
import { Code, Count, DurationMs, listOf, Text } from '../trace/units.ts';

/** An exec or httpGet hook that took less than this, in ms, did not wait for anything. */
const AT_ONCE_MS = 500;

export const HookFinding = z.object({
  container: Text,
  hook: z.enum(['sleep', 'exec', 'httpGet']),
  what: Text.describe('the command, the address or the length, as written in the manifest'),
  problem: z
    .enum(['failed', 'returned-at-once', 'ended-server', 'outlasted-grace'])
    .describe(
      'returned-at-once: it succeeded and did not wait; ended-server: its container ended at once while it ran; outlasted-grace: it was still running when the grace period was over',
    ),
  pods: Count.describe('pods with this problem'),
  of: Count.describe('pods that ran the hook'),
  exitCode: Code.nullable(),
  detail: Text.nullable().describe('what went wrong, in words'),
  tookMs: DurationMs.nullable().describe('the longest run'),
  asks: Text.describe('the other container that it asks, if that container got its stop signal first').optional(),
  standIns: listOf(Text, MAX_CONTAINERS).describe('containers of the pod that an idle process stood in for'),
});
export type HookFinding = z.infer<typeof HookFinding>;

interface Run {
  container: ContainerRecord;
  hook: HookRecord;
  asks: string | undefined;
  standIns: string[];
}

/** One finding for each container and problem, the most common first. */
export function hookFindings(rollouts: readonly Trace[]): HookFinding[] {
  const runs = rollouts.flatMap(({ cluster }) =>
    cluster.pods
      .filter(({ deletionMs, generation }) => generation === 'old' && deletionMs !== undefined)
      .flatMap(({ containers }) => {
        const standIns = containers.filter(({ standIn, role }) => standIn && role !== 'init').map(({ name }) => name);
        return containers.flatMap((container) =>
          container.hook
            ? [{ container, hook: container.hook, asks: askedTooLate(container.hook, containers), standIns }]
            : [],
        );
      }),
  );
  const ran = new Map<string, number>();
  for (const { container } of runs) ran.set(container.name, (ran.get(container.name) ?? 0) + 1);
  const found = new Map<string, HookFinding>();
  for (const run of runs) {
    const problem = problemOf(run.hook);
    if (!problem) continue;
    const key = JSON.stringify([run.container.name, problem]);
    const before = found.get(key);
    const of = ran.get(run.container.name) ?? 0;
    found.set(
      key,
      before ? { ...before, pods: before.pods + 1, tookMs: longer(before.tookMs, run.hook) } : first(run, problem, of),
    );
  }
  return [...found.values()].sort((a, b) => b.pods - a.pods);
}

/** The container that the hook asks, if its stop signal was sent before the hook ended. */
function askedTooLate({ asks, endedMs }: HookRecord, containers: readonly ContainerRecord[]): string | undefined {
  const asked = containers.find(({ name }) => name === asks);
  if (asked?.stopSignalMs === undefined || endedMs === undefined) return undefined;
  return asked.stopSignalMs <= endedMs ? asks : undefined;
}

function first({ container, hook, asks, standIns }: Run, problem: HookFinding['problem'], of: number): HookFinding {
  const { kind, what, exitCode, detail } = hook;
  return {
    container: container.name,
    hook: kind,
    what,
    problem,
    pods: 1,
    of,
    exitCode: exitCode ?? null,
    detail: detail ?? null,
    tookMs: longer(null, hook),
    ...(asks === undefined ? {} : { asks }),
    standIns,
  };
}

function longer(beforeMs: number | null, { startedMs, endedMs }: HookRecord): number | null {
  if (startedMs === undefined || endedMs === undefined) return beforeMs;
  return Math.max(beforeMs ?? 0, endedMs - startedMs);
}

function problemOf({ kind, outcome, startedMs, endedMs }: HookRecord): HookFinding['problem'] | undefined {
  if (outcome === 'failed' || outcome === 'outlasted-grace') return outcome;
  if (kind === 'sleep' || startedMs === undefined || endedMs === undefined) return undefined;
  if (endedMs - startedMs >= AT_ONCE_MS) return undefined;
  return outcome === 'container-ended' ? 'ended-server' : 'returned-at-once';
}
