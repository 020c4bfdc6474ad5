/** `run`: rolls out the user's own service and reports how many requests broke, and why. */
import { Command, Option } from 'commander';
import { stopSignalNote } from '../kubernetes-rules/stop-signal.ts';
import { printStatus } from '../output.ts';
import { type LocalService, localServiceBackend, planRollouts } from '../own-service/plan.ts';
import { withPortHint } from '../own-service/port-hint.ts';
import { isFromManifest, localService } from '../own-service/service.ts';
import { leftOut } from '../report/preview.ts';
import { findFixOf } from './find-fix.ts';
import { unlessInterrupted } from './interruptions.ts';
import { assertPausesPossible, pausesOption } from './pauses-option.ts';
import { previewRun } from './preview-run.ts';
import { folderFor, reportRollouts } from './report-rollouts.ts';
import { requestOptions } from './request-options.ts';
import { runInNamespace } from './run-in-namespace.ts';
import { runOnKubernetes } from './run-on-kubernetes.ts';
import {
  assertFlagsFor,
  clusterOptions,
  manifestOptions,
  measurementOptions,
  namedAsSettings,
  selectionOptions,
  serviceOptions,
} from './run-options.ts';
import { showInstall } from './show-install.ts';
import { imageStopSignal } from './stop-signal.ts';
import { installedWays, throughOptions } from './through-options.ts';

/** How many clean rollouts prove a fix, by default. */
const FIND_FIX_REPEATS = 3;

export function runCommand(): Command {
  const command = new Command('run')
    .summary('roll out your own service and see what breaks')
    .usage('[options] -- COMMAND…')
    .description(
      'Rolls out your own service on the local cluster under load, and reports how many requests broke and why.\n\n' +
        'COMMAND starts any server. Each pod runs it with PORT and HOST set to the address to listen on; ' +
        '$(PORT) and $(HOST) in its arguments are replaced, as in a manifest.\n\n' +
        'With -k or -f, the workload comes from manifests instead of flags, and COMMAND runs in place of the image of the ' +
        'container that serves. With --on kubernetes, there is no COMMAND: run applies the manifests in a new namespace, or disrupts a workload that already runs on the cluster.',
    )
    .argument('[command...]', 'the server and its arguments');
  const place = new Option('--on <where>', 'where the rollout runs').choices(['local', 'kubernetes']).default('local');
  for (const option of [place, ...requestOptions(), ...throughOptions(), pausesOption(), ...measurementOptions()])
    command.addOption(option);
  command.optionsGroup('Manifests, here or on a cluster:');
  for (const option of manifestOptions()) command.addOption(option);
  command.optionsGroup('The workload, of manifests or on a cluster:');
  for (const option of selectionOptions()) command.addOption(option);
  command.optionsGroup('With --on local:');
  for (const option of serviceOptions()) command.addOption(option);
  command.optionsGroup('With --on kubernetes:');
  for (const option of clusterOptions()) command.addOption(option);
  return command.action(run);
}

async function run(command: string[], options: Record<string, unknown>): Promise<void> {
  const flags = namedAsSettings(options);
  assertFlagsFor(flags.on, command, options);
  const seed = flags.seed ?? Math.floor(Math.random() * 2 ** 31);
  if (flags.on === 'kubernetes')
    return isFromManifest(flags) ? runInNamespace(flags, seed) : runOnKubernetes(flags, seed);
  const image = await imageStopSignal(flags);
  const settings = { ...flags, stopSignal: image.signal };
  if (flags.dryRun) return previewRun(command, settings, flags.json);
  const service = await unlessInterrupted('no trial has begun', (signal) =>
    localService(command, settings, { signal, onProgress: showInstall }),
  );
  for (const note of notesOf(service, image.note)) printStatus(`note: ${note}`);
  if (flags.findFix) {
    const fromFlags = !isFromManifest(flags);
    return findFixOf(service, seed, { ...flags, repeat: flags.repeat ?? FIND_FIX_REPEATS, fromFlags });
  }
  try {
    const { disruption = { kind: 'rollout' }, pauses } = flags;
    if (pauses) assertPausesPossible('--pauses', service.requestMix, flags);
    const ways = await unlessInterrupted('no trial has begun', (signal) => installedWays(flags, signal));
    const plan = (run: string) => planRollouts(service, flags.repeat ?? 1, { run, seed }, { disruption, ways, pauses });
    await reportRollouts(plan, localServiceBackend(service), seed, folderFor(flags), flags);
  } catch (error) {
    throw flags.port === undefined ? withPortHint(error) : error;
  }
}

/** What the user should know before the result: how the workload was chosen, and what of the input has no effect. */
function notesOf({ manifests }: LocalService, stopSignal: string | undefined): string[] {
  const ofContainers = manifests.workload.spec.template.spec.containers.map(stopSignalNote);
  const notes = [...manifests.notes, leftOut(manifests), stopSignal, ...ofContainers];
  return notes.filter((note) => note !== undefined);
}
