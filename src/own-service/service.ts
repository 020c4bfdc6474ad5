/** From the flags of `run` to the service it measures. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { type RequestMix, readRequestMix } from '../load/request-mix.ts';
import { atRate, type RequestSettings, requestMixFrom } from '../load/request-settings.ts';
import { type Manifests, readManifests } from '../manifests/manifests.ts';
import { overlayNames } from '../manifests/overlays.ts';
import { renderKustomization } from '../manifests/render.ts';
import { kustomizeFolder, readRendered } from '../manifests/render-files.ts';
import { projectFile } from '../project-file.ts';
import { trialsAtATime } from '../trials/backend.ts';
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

/** @throws InputError for flags, files and manifests that make no service */
export function localService(command: readonly string[], flags: ServiceFlags): LocalService {
  const manifests = manifestsFrom(flags);
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
    images: manifests ? imagesOf(manifests, flags) : { [OWN_CONTAINER]: { command, stopSignal: flags.stopSignal } },
    ownPort: flags.port,
    requestMix: requestMixFor(manifests, flags),
    // Of what a stranger's server needs nothing is known: one trial for each core leaves room for it.
    atATime: manifests && ownRuntime(manifests) ? trialsAtATime('builtin') : availableParallelism(),
  };
}

function manifestsFrom({ kustomize, file }: ServiceFlags): Manifests | undefined {
  if (kustomize !== undefined) return readManifests(rendered(kustomize), kustomize);
  if (file !== undefined) return readManifests(readText(file), file);
  return undefined;
}

/** This project's own overlays come rendered with it, so that they need no kubectl. */
function rendered(folder: string): string {
  const path = resolve(folder);
  const own = dirname(path) === resolve(kustomizeFolder(), 'overlays') && overlayNames().includes(basename(path));
  return own ? readRendered(basename(path)) : renderKustomization(folder);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError(`${file}: cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** This project's app has a route that takes its time, which its own request mix uses. */
function requestMixFor(manifests: Manifests | undefined, flags: ServiceFlags): RequestMix {
  const { path, method, body, scenarios, workload } = flags;
  const bare = [path, method, body, scenarios, workload].every((setting) => setting === undefined);
  return manifests && ownRuntime(manifests) && bare
    ? atRate(readRequestMix(projectFile('workload.json')), flags.ratePerSecond)
    : requestMixFrom(flags);
}
