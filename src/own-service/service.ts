/** From the flags of `run` to the service it measures. */
import { availableParallelism } from 'node:os';
import { InputError } from '../errors.ts';
import { type RequestMix, readRequestMix } from '../load/request-mix.ts';
import { atRate, type RequestSettings, requestMixFrom } from '../load/request-settings.ts';
import { readKustomization } from '../manifests/kustomization.ts';
import type { Manifests } from '../manifests/manifests.ts';
import { readManifestsWithinLimits } from '../manifests/read-limited.ts';
import { readSource } from '../manifests/read-source.ts';
import { projectFile } from '../project-file.ts';
import { trialsAtATime } from '../trials/backend.ts';
import type { InstallOptions } from '../trials/runtime-cache.ts';
import { assertProgram, type ContainerCommand, imagesOf, ownRuntime } from './command.ts';
import { type DeploymentSettings, deploymentFromSettings, OWN_CONTAINER } from './deployment.ts';
import type { LocalService } from './plan.ts';

export interface ServiceFlags extends DeploymentSettings, RequestSettings {
  kustomize?: string | undefined;
  file?: string | undefined;
  exec: readonly ContainerCommand[];
  port?: number | undefined;
  /** The signal that asks the server to stop, where it is not SIGTERM. */
  stopSignal?: NodeJS.Signals | undefined;
  workload?: string | undefined;
}

/**
 * @param installing how a runtime is installed where the manifest needs one of ours
 * @throws InputError for flags, files and manifests that make no service
 * @throws EnvironmentError when a runtime cannot be installed
 */
export async function localService(
  command: readonly string[],
  flags: ServiceFlags,
  installing: InstallOptions = {},
): Promise<LocalService> {
  const manifests = await manifestsFrom(flags);
  if (manifests && command.length > 0) {
    throw new InputError(
      `run: a manifest names its container's command; to replace it: --exec CONTAINER="${command[0]} …"`,
    );
  }
  if (!manifests && command.length === 0) {
    throw new InputError(
      'run: nothing to run: give a command after --, as in run -- node server.js, or -k DIR or -f FILE',
    );
  }
  if (!manifests && flags.exec.length > 0) throw new InputError('--exec: goes with a manifest (-k or -f)');
  if (!manifests) assertProgram(command, 'run');
  return {
    manifests: manifests ?? deploymentFromSettings(flags),
    images: manifests
      ? await imagesOf(manifests, flags, installing)
      : { [OWN_CONTAINER]: { command, stopSignal: flags.stopSignal } },
    ownPort: flags.port,
    requestMix: requestMixFor(manifests, flags),
    // Nobody knows what someone else's server needs: one trial for each core leaves room for it.
    atATime: manifests && ownRuntime(manifests) ? trialsAtATime('builtin') : availableParallelism(),
  };
}

async function manifestsFrom({ kustomize, file }: ServiceFlags): Promise<Manifests | undefined> {
  if (kustomize !== undefined) {
    const { name, yaml } = await readKustomization(kustomize);
    return readManifestsWithinLimits({ name, text: yaml });
  }
  return file === undefined ? undefined : readManifestsWithinLimits(await readSource(file));
}

/** This project's app has a route that takes its time, which its own request mix uses. */
function requestMixFor(manifests: Manifests | undefined, flags: ServiceFlags): RequestMix {
  const { path, method, body, scenarios, workload } = flags;
  const bare = [path, method, body, scenarios, workload].every((setting) => setting === undefined);
  return manifests && ownRuntime(manifests) && bare
    ? atRate(readRequestMix(projectFile('workload.json')), flags.ratePerSecond)
    : requestMixFrom(flags);
}
