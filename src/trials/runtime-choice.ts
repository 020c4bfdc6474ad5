/** Runtimes other than the pinned ones: a binary on this machine, or a version that npm installs into a cache folder. */
import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { EnvironmentError, InputError } from '../errors.ts';
import type { Runtime } from '../manifests/overlays.ts';
import type { ProgramEnd } from '../processes/bounded-program.ts';
import { runProgram } from '../processes/external-program.ts';
import { cachedBinary, type InstallOptions, installInCache, npmFailure } from './runtime-cache.ts';
import { packagesOf, type RuntimeUnderTest, runtimeSaying, VERSION_LIMITS } from './runtimes.ts';

const EXACT_VERSION = /^\d+\.\d+\.\d+(-[\w.]+)?$/;
/** A version, a range ("22", "^1.4") or a tag ("latest"), but nothing that npm would take for a file or an address. */
const NPM_VERSION = /^[\w^~][\w.^~-]*$/;

/**
 * The runtime that `choice` names: a path (with a slash) to a binary, or a version.
 * @throws InputError when there is no such file or version
 * @throws EnvironmentError when npm cannot install it, or what it names does not run
 */
export async function chosenRuntime(
  name: Runtime,
  choice: string,
  options: InstallOptions = {},
): Promise<RuntimeUnderTest> {
  if (choice.includes('/')) {
    const binary = resolve(choice);
    assertProgramFile(binary, `--${name} ${choice}`);
    return runtimeAt(name, binary, `--${name} ${choice}`, options.signal);
  }
  if (!NPM_VERSION.test(choice)) {
    throw new InputError(`--${name} ${choice}: neither a version nor a path with a slash in it`);
  }
  const binary = await installed(name, choice, options);
  return runtimeAt(name, binary, `--${name} ${choice}: ${binary}`, options.signal);
}

/** It may be any program: it is asked where nothing that it starts can get out. */
async function runtimeAt(
  name: Runtime,
  binary: string,
  where: string,
  signal: AbortSignal | undefined,
): Promise<RuntimeUnderTest> {
  const said = await runProgram([binary, '--version'], { ...VERSION_LIMITS, signal, contained: true });
  return runtimeSaying(name, binary, said, (text) => new InputError(`${where} ${text}`));
}

function assertProgramFile(path: string, where: string): void {
  let isFile = false;
  try {
    isFile = statSync(path).isFile();
    if (isFile) accessSync(path, constants.X_OK);
  } catch (cause) {
    if (isFile) throw new InputError(`${where}: it is not executable`, { cause });
  }
  if (!isFile) throw new InputError(`${where}: there is no such file`);
}

/** The binary of a version: from the cache, or installed there. */
async function installed(name: Runtime, version: string, options: InstallOptions): Promise<string> {
  const packages = packagesOf(name);
  for (const candidate of EXACT_VERSION.test(version) ? packages : []) {
    const binary = cachedBinary(candidate, version, options);
    if (binary !== undefined) return binary;
  }
  let failure: ProgramEnd | undefined;
  for (const candidate of packages) {
    const npm = ['install', '--no-save', '--no-package-lock', `${candidate.name}@${version}`];
    const installation = { packageName: candidate.name, version, npm, files: {} };
    const outcome = await installInCache(candidate, installation, options);
    if ('binary' in outcome) return outcome.binary;
    failure ??= outcome.failed;
  }
  throw whyNot(name, version, failure);
}

function whyNot(name: Runtime, version: string, end: ProgramEnd | undefined): Error {
  const why = end ? npmFailure(end) : 'npm offers nothing for this platform';
  const text = `--${name} ${version}: npm could not install it: ${why}`;
  return /\b(ETARGET|E404)\b/.test(end?.stderr ?? '') ? new InputError(text) : new EnvironmentError(text);
}
