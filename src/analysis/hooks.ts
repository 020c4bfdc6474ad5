/** What became of the preStop hooks of the pods that were replaced. */
import { z } from 'zod';
import type { ContainerRecord, HookRecord } from '../trace/cluster-record.ts';
import type { Trace } from '../trace/trace.ts';

/** An exec or httpGet hook that is over sooner than this has not waited for anything. */
const AT_ONCE_MS = 500;

export const HookFinding = z.object({
  container: z.string(),
  hook: z.enum(['sleep', 'exec', 'httpGet']),
  what: z.string().describe('the command, the address or the length, as the manifest has it'),
  problem: z
    .enum(['failed', 'returned-at-once', 'outlasted-grace'])
    .describe(
      'returned-at-once: it succeeded and did not wait; outlasted-grace: it was still running when the grace period was over',
    ),
  pods: z.int().describe('in which it was seen'),
  of: z.int().describe('pods that ran the hook'),
  exitCode: z.int().nullable(),
  detail: z.string().nullable().describe('what went wrong, in words'),
  tookMs: z.number().nullable().describe('the longest'),
  standIns: z.array(z.string()).describe('containers of the pod in whose place a process ran that does nothing'),
});
export type HookFinding = z.infer<typeof HookFinding>;

interface Run {
  container: ContainerRecord;
  hook: HookRecord;
  standIns: string[];
}

/** One finding for each container and problem, the commonest first. */
export function hookFindings(rollouts: readonly Trace[]): HookFinding[] {
  const runs = rollouts.flatMap(({ cluster }) =>
    cluster.pods
      .filter(({ deletionMs, generation }) => generation === 'old' && deletionMs !== undefined)
      .flatMap(({ containers }) => {
        const standIns = containers.filter(({ standIn }) => standIn).map(({ name }) => name);
        return containers.flatMap((container) =>
          container.hook ? [{ container, hook: container.hook, standIns }] : [],
        );
      }),
  );
  const found = new Map<string, HookFinding>();
  for (const run of runs) {
    const problem = problemOf(run.hook);
    if (!problem) continue;
    const key = JSON.stringify([run.container.name, problem]);
    const before = found.get(key);
    const of = runs.filter(({ container }) => container.name === run.container.name).length;
    found.set(
      key,
      before ? { ...before, pods: before.pods + 1, tookMs: longer(before.tookMs, run.hook) } : first(run, problem, of),
    );
  }
  return [...found.values()].sort((a, b) => b.pods - a.pods);
}

function first({ container, hook, standIns }: Run, problem: HookFinding['problem'], of: number): HookFinding {
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
  return endedMs - startedMs < AT_ONCE_MS ? 'returned-at-once' : undefined;
}
