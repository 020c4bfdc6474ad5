/** `run --on kubernetes`: restarts a workload on a cluster under load, and reports what broke. */
import { createInterface } from 'node:readline/promises';
import type { LiveService, LiveServiceFlags } from '../clusters/kubernetes/live-service.ts';
import { ExitCode, InputError, ProgramError } from '../errors.ts';
import { loggedWay } from '../gateways/installed/controller-way.ts';
import { builtinLoad } from '../load/builtin/builtin.ts';
import { k6Load } from '../load/k6/k6.ts';
import { assertForK6, type LoadGenerator } from '../load/load.ts';
import { type RequestSettings, requestMixFrom } from '../load/request-settings.ts';
import { print, printStatus } from '../output.ts';
import { intentions } from '../own-service/intentions.ts';
import { planRollouts } from '../own-service/plan.ts';
import { workloadName } from '../own-service/server-name.ts';
import { printable } from '../printable.ts';
import { atMost, Pace } from '../trials/pace.ts';
import type { TrialsBackend } from '../trials/run-trials.ts';
import type { TrialPlan } from '../trials/trial.ts';
import { interruptions, unlessInterrupted } from './interruptions.ts';
import { folderFor, type ReportFlags, reportRollouts } from './report-rollouts.ts';

export interface LiveRunFlags extends LiveServiceFlags, RequestSettings, ReportFlags {
  workload?: string | undefined;
  load?: 'builtin' | 'k6' | undefined;
  repeat?: number;
  yes?: boolean;
}

export async function runOnKubernetes(flags: LiveRunFlags, seed: number): Promise<void> {
  // Loaded only if needed, because loading the client library takes most of a second.
  const { liveService } = await import('../clusters/kubernetes/live-service.ts');
  const requestMix = requestMixFrom(flags);
  const service = await unlessInterrupted('nothing was changed', () => liveService(flags));
  const repeats = flags.repeat ?? 1;
  const disruption = flags.disruption ?? { kind: 'rollout' as const };
  const load = loadFor(service, flags);
  if (load === k6Load) assertForK6(requestMix);
  const lines = intentions(service, { requestMix, repeats, disruption });
  if (flags.dryRun) {
    print(`${lines.map((line) => printable(line)).join('\n')}\n`);
    return;
  }
  const out = folderFor(flags);
  if (!flags.yes) await confirm(lines);
  const backend = await liveBackend(service, load);
  const place = { cluster: service.api.context, load: backend.load.name };
  const server = workloadName(service.manifests.workload);
  const ways = flags.gatewayLogs === undefined ? [undefined] : [loggedWay(flags.gatewayLogs)];
  const plan = (run: string) =>
    planRollouts({ ...service, server, requestMix }, repeats, { run, seed }, { place, disruption, ways });
  await reportRollouts(plan, backend, seed, out, flags);
}

/** Asks the user to continue. @throws InputError without a terminal to ask on */
async function confirm(lines: readonly string[]): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new InputError('run --on kubernetes disrupts pods; pass --yes to confirm or --dry-run to preview');
  }
  for (const line of lines) printStatus(line);
  const interruption = interruptions();
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question('Continue? [y/N] ', { signal: interruption.signal });
    if (!/^y(es)?$/i.test(answer.trim())) throw new ProgramError('nothing was changed', ExitCode.interrupted);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    throw new ProgramError('nothing was changed', ExitCode.interrupted);
  } finally {
    terminal.close();
    interruption.stop();
  }
}

function loadFor({ url }: LiveService, flags: LiveRunFlags): LoadGenerator {
  return (flags.load ?? (url.startsWith('https:') ? 'k6' : 'builtin')) === 'k6' ? k6Load : builtinLoad;
}

async function liveBackend(service: LiveService, load: LoadGenerator): Promise<TrialsBackend<TrialPlan>> {
  const { ExistingCluster } = await import('../clusters/kubernetes/existing-cluster.ts');
  const { api, reference, url, replicas, gateway } = service;
  const cluster = new ExistingCluster({ api, workload: reference, url, replicas, gateway });
  return {
    load,
    pace: new Pace(atMost(1)),
    clusterFor: () => cluster,
  };
}
