/** Turns the flags of `run` into the service to measure. */
import { InputError } from '../errors.ts';
import { appRequestMix } from '../load/app-mix.ts';
import type { RequestMix } from '../load/request-mix.ts';
import { type RequestSettings, requestMixFrom } from '../load/request-settings.ts';
import { readKustomization } from '../manifests/kustomization.ts';
import type { Manifests } from '../manifests/manifests.ts';
import { readManifestsWithinLimits } from '../manifests/read-limited.ts';
import { readSource } from '../manifests/read-source.ts';
import { CORES_EACH } from '../trials/backend.ts';
import type { InstallOptions } from '../trials/runtime-cache.ts';
import { assertProgram, type ContainerCommand, imagesOf, ownRuntime } from './command.ts';
import { type DeploymentSettings, deploymentFromSettings, OWN_CONTAINER } from './deployment.ts';
import type { LocalService } from './plan.ts';
import { commandName, workloadName } from './server-name.ts';

export interface ServiceFlags extends DeploymentSettings, RequestSettings {
  kustomize?: string | undefined;
  file?: string | undefined;
  exec: readonly ContainerCommand[];
  port?: number | undefined;
  /** The signal that asks the server to stop, if it is not SIGTERM. */
  stopSignal?: NodeJS.Signals | undefined;
  workload?: string | undefined;
}

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
  const manifests = await manifestsFrom(flags);
  if (manifests && command.length > 0) {
    throw new InputError(
      `run: the manifest already names the container's command; to replace it, use --exec CONTAINER="${command[0]} …"`,
    );
  }
  if (!manifests && command.length === 0) {
    throw new InputError(
      'run: nothing to run: give a command after --, as in run -- node server.js, or -k DIR or -f FILE',
    );
  }
  if (!manifests && flags.exec.length > 0) throw new InputError('--exec: needs a manifest (-k or -f)');
  if (!manifests) assertProgram(command, 'run');
  return {
    server: manifests ? workloadName(manifests.workload) : commandName(command),
    manifests: manifests ?? deploymentFromSettings(flags),
    images: manifests
      ? await imagesOf(manifests, flags, installing)
      : { [OWN_CONTAINER]: { command, stopSignal: flags.stopSignal } },
    ownPort: flags.port,
    requestMix: requestMixFor(manifests, flags),
    coresEach: manifests && ownRuntime(manifests) ? CORES_EACH.builtin : 1,
  };
}

async function manifestsFrom({ kustomize, file }: ServiceFlags): Promise<Manifests | undefined> {
  if (kustomize !== undefined) {
    const { name, yaml } = await readKustomization(kustomize);
    return readManifestsWithinLimits({ name, text: yaml });
  }
  return file === undefined ? undefined : readManifestsWithinLimits(await readSource(file));
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
