/** Turns the flags of `run` into the service to measure. */
import { assertEnvironment, withAbsentSources } from '../clusters/local/environment-check.ts';
import { withAssumptions } from '../clusters/local/fields/assume.ts';
import { withRefusedFields } from '../clusters/local/fields/supported.ts';
import { InputError } from '../errors.ts';
import { appRequestMix } from '../load/app-mix.ts';
import type { RequestMix } from '../load/request-mix.ts';
import { type RequestSettings, requestMixFrom } from '../load/request-settings.ts';
import { type ManifestInput, readInput } from '../manifests/manifest-input.ts';
import type { Manifests } from '../manifests/manifests.ts';
import { readManifestsWithinLimits } from '../manifests/read-limited.ts';
import { CORES_EACH } from '../trials/backend.ts';
import type { InstallOptions } from '../trials/runtime-cache.ts';
import { assertProgram, type ContainerCommand, imagesOf, ownRuntime } from './command.ts';
import { type DeploymentSettings, deploymentFromSettings, OWN_CONTAINER } from './deployment.ts';
import type { LocalService } from './plan.ts';
import { choiceOf, SELECTION_FLAGS, type SelectionFlags } from './selection-flags.ts';
import { commandName, workloadName } from './server-name.ts';
import { type VolumeFolder, volumeFolders } from './volumes.ts';

export interface ServiceFlags extends DeploymentSettings, RequestSettings, ManifestInput, SelectionFlags {
  exec: readonly ContainerCommand[];
  mount?: readonly VolumeFolder[] | undefined;
  port?: number | undefined;
  /** The signal that asks the server to stop, if it is not SIGTERM. */
  stopSignal?: NodeJS.Signals | undefined;
  workload?: string | undefined;
}

/** Stands for the port of a Service that the input lacks. */
const ANY_PORT = 80;

/**
 * @param installing how a pinned runtime is installed if the manifest needs one
 * @throws InputError if the flags, files or manifests do not describe a service
 * @throws EnvironmentError if a runtime cannot be installed
 */
export async function localService(
  command: readonly string[],
  flags: ServiceFlags,
  installing: InstallOptions = {},
): Promise<LocalService> {
  return serviceOf(await localManifests(command, flags), command, flags, installing);
}

/**
 * The manifests to measure: as the flags describe them, or read and selected, with what is assumed.
 * @throws InputError if the flags, files or manifests do not describe a service
 */
export async function localManifests(command: readonly string[], flags: ServiceFlags): Promise<Manifests> {
  assertCommandOrManifest(command, flags);
  if (!isFromManifest(flags)) {
    assertProgram(command, 'run');
    return deploymentFromSettings(flags);
  }
  const { choice, assumed } = choiceOf(flags);
  const input = await readInput(flags);
  try {
    return withAssumptions(await readManifestsWithinLimits(input, choice), assumed);
  } catch (error) {
    if (!(error instanceof InputError) || choice.assumedService) throw error;
    // If only the Service is missing, the fields that would be refused next are known too. Otherwise the first error stands.
    const withService = { ...choice, assumedService: { targetPort: ANY_PORT } };
    const manifests = await readManifestsWithinLimits(input, withService).catch(() => undefined);
    throw manifests ? withRefusedFields(error, withAssumptions(manifests, assumed)) : error;
  }
}

/**
 * The service with the commands that run in place of its images.
 * @throws as `localService` does
 */
export async function serviceOf(
  manifests: Manifests,
  command: readonly string[],
  flags: ServiceFlags,
  installing: InstallOptions,
): Promise<LocalService> {
  const fromManifest = isFromManifest(flags);
  const images = fromManifest
    ? await imagesOf(manifests, command, flags, installing)
    : { [OWN_CONTAINER]: { command, stopSignal: flags.stopSignal } };
  assertEnvironment(manifests, images);
  return {
    server: fromManifest ? workloadName(manifests.workload) : commandName(command),
    manifests: withAbsentSources(manifests, images),
    images,
    ownPort: flags.port,
    volumes: flags.mount && volumeFolders(manifests, flags.mount),
    requestMix: requestMixFor(fromManifest ? manifests : undefined, flags),
    coresEach: fromManifest && ownRuntime(manifests) ? CORES_EACH.builtin : 1,
  };
}

/** @throws InputError if there is no server to run, or a flag needs a manifest */
function assertCommandOrManifest(command: readonly string[], flags: ServiceFlags): void {
  const fromManifest = isFromManifest(flags);
  if (fromManifest) return;
  const stray = ([...SELECTION_FLAGS, 'assume'] as const).find((name) => flags[name] !== undefined);
  if (stray)
    throw new InputError(
      stray === 'assume'
        ? '--assume: needs a manifest (-k or -f)'
        : `--${stray}: needs a manifest (-k or -f), or a cluster (--on kubernetes)`,
    );
  if (flags.exec.length > 0) throw new InputError('--exec: needs a manifest (-k or -f)');
  if (flags.mount) throw new InputError('--mount: needs a manifest (-k or -f)');
  if (command.length > 0) return;
  throw new InputError(
    'run: nothing to run: give a command after --, as in run -- node server.js, or -k DIR or -f FILE',
  );
}

/** Whether the deployment comes from manifests instead of flags. */
export function isFromManifest({ kustomize, file = [] }: ManifestInput): boolean {
  return kustomize !== undefined || file.length > 0;
}

/**
 * This project's app has a slow route that its own request mix uses, so it gets that mix unless flags ask for another.
 */
function requestMixFor(manifests: Manifests | undefined, flags: ServiceFlags): RequestMix {
  const { path, eventsPath, wsPath, method, body, scenarios, sessions, workload } = flags;
  const bare = [path, eventsPath, wsPath, method, body, scenarios, sessions, workload].every(
    (setting) => setting === undefined,
  );
  return manifests && ownRuntime(manifests) && bare
    ? appRequestMix({ ratePerSecond: flags.ratePerSecond })
    : requestMixFrom(flags);
}
