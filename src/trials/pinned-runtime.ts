/** Finds the runtimes that this version of the program pins: in a checkout's node_modules, or fetched from npm. */
import { EnvironmentError } from '../errors.ts';
import type { Runtime } from '../manifests/overlays.ts';
import { runProgram } from '../processes/external-program.ts';
import { cachedBinary, type InstallOptions, installInCache, npmFailure } from './runtime-cache.ts';
import {
  type BinaryPackage,
  binaryBeside,
  type PinnedPackages,
  packagesOf,
  pinnedPackages,
  type RuntimeUnderTest,
  runtimeSaying,
  VERSION_LIMITS,
} from './runtimes.ts';

/** npm reports that a package is for another system or another C library. */
const OTHER_PLATFORM = /\bEBADPLATFORM\b/;

/**
 * Returns a pinned runtime. If it is missing, npm fetches it into the cache and checks its hash.
 * @throws EnvironmentError if npm cannot fetch it, or it does not run
 * @throws the signal's reason when aborted
 */
export async function pinnedRuntime(
  name: Runtime,
  options: InstallOptions = {},
  pinned: PinnedPackages = pinnedPackages(),
): Promise<RuntimeUnderTest> {
  const there = binaryBeside(name, pinned) ?? fetchedBefore(name, pinned, options);
  const binary = there ?? (await fetchRuntime(name, pinned, options));
  const said = await runProgram([binary, '--version'], { ...VERSION_LIMITS, signal: options.signal });
  return runtimeSaying(name, binary, said, (message) => new EnvironmentError(`${binary} ${message}`));
}

function fetchedBefore(name: Runtime, pinned: PinnedPackages, options: InstallOptions): string | undefined {
  for (const candidate of packagesOf(name)) {
    const entry = pinned[candidate.name];
    const binary = entry && cachedBinary(candidate, entry.version, options);
    if (binary !== undefined) return binary;
  }
  return undefined;
}

async function fetchRuntime(name: Runtime, pinned: PinnedPackages, options: InstallOptions): Promise<string> {
  const instead = `compare --${name} PATH uses a binary that you have`;
  for (const candidate of packagesOf(name)) {
    const outcome = await fetchPackage(candidate, pinned, options);
    if ('binary' in outcome) return outcome.binary;
    if (OTHER_PLATFORM.test(outcome.failed.stderr)) continue;
    const why = npmFailure(outcome.failed);
    throw new EnvironmentError(`npm cannot fetch ${name} (package ${candidate.name}): ${why} (${instead})`);
  }
  throw new EnvironmentError(`npm has no ${name} for this system: ${instead}`);
}

/** `npm ci` checks the content's hash, which this program carries, and installs nothing but this one package. */
function fetchPackage(candidate: BinaryPackage, pinned: PinnedPackages, options: InstallOptions) {
  const { name } = candidate;
  const entry = pinned[name];
  if (!entry) throw new EnvironmentError(`the lockfile has no ${name}: install k8s-rollout-test again`);
  const { optional: _, ...locked } = entry;
  const root = { name: 'runtime', dependencies: { [name]: entry.version } };
  const lock = { name: root.name, lockfileVersion: 3, packages: { '': root, [`node_modules/${name}`]: locked } };
  const files = { 'package.json': JSON.stringify(root), 'package-lock.json': JSON.stringify(lock) };
  return installInCache(candidate, { packageName: name, version: entry.version, npm: ['ci'], files }, options);
}
