/** `run --on kubernetes -k DIR`: applies the user's manifests in a new namespace, rolls them out there, and deletes it. */
import { InputError } from '../errors.ts';
import { assertForK6 } from '../load/load.ts';
import { type RequestSettings, requestMixFrom } from '../load/request-settings.ts';
import { print, printStatus } from '../output.ts';
import type { OwnNamespaceFlags } from '../own-service/own-namespace.ts';
import { planRollouts } from '../own-service/plan.ts';
import { workloadName } from '../own-service/server-name.ts';
import { printable } from '../printable.ts';
import type { PlannedDisruption } from '../trace/disruption.ts';
import { flagOf } from './argument-parsers.ts';
import { unlessInterrupted } from './interruptions.ts';
import { K6_IMAGE, reportLeftNamespaces } from './load-options.ts';
import { folderFor, type ReportFlags, reportRollouts } from './report-rollouts.ts';
import { clusterWays, type ThroughFlags } from './through-options.ts';

export interface InNamespaceFlags
  extends Omit<OwnNamespaceFlags, 'k6Image'>,
    RequestSettings,
    ReportFlags,
    ThroughFlags {
  workload?: string | undefined;
  k6Image?: string | undefined;
  repeat?: number;
  dryRun?: boolean;
  disruption?: PlannedDisruption | undefined;
  url?: string | undefined;
  load?: string | undefined;
  yes?: boolean;
}

/** Flags for a workload that already runs. */
const OTHERS = ['url', 'load', 'yes'] as const;

export async function runInNamespace(flags: InNamespaceFlags, seed: number): Promise<void> {
  const stray = OTHERS.find((name) => flags[name] !== undefined);
  if (stray !== undefined || flags.disruption?.kind === 'command') {
    throw new InputError(
      `--${flagOf(stray ?? 'trigger')} is for a workload that already runs: with -k or -f, the load runs in the new namespace`,
    );
  }
  // Loaded only if needed, because loading the client library takes most of a second.
  const { ownNamespace, ownNamespaceBackend, placementLines } = await import('../own-service/own-namespace.ts');
  const requestMix = requestMixFrom(flags);
  assertForK6(requestMix);
  const ways = clusterWays(flags);
  const { disruption = { kind: 'rollout' }, k6Image = K6_IMAGE } = flags;
  const own = await unlessInterrupted('nothing was changed', () => ownNamespace({ ...flags, k6Image }));
  if (flags.dryRun) {
    print(
      `${placementLines(own, ways)
        .map((line) => printable(line))
        .join('\n')}\n`,
    );
    return;
  }
  for (const note of own.notes) printStatus(`note: ${note}`);
  const out = folderFor(flags);
  const backend = await unlessInterrupted('no trial has begun', () =>
    ownNamespaceBackend(own, { k6Image, disruption, ways }, reportLeftNamespaces),
  );
  const { api, manifests } = own;
  const place = { cluster: api.context, load: backend.load.name };
  const service = { server: workloadName(manifests.workload), manifests, requestMix };
  const plan = (run: string) => planRollouts(service, flags.repeat ?? 1, { run, seed }, { place, disruption, ways });
  await reportRollouts(plan, backend, seed, out, flags);
}
