/** Runtimes other than the pinned ones: a binary on this machine, or a version that npm installs into a cache folder. */
import { accessSync, constants, existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { EnvironmentError, InputError } from '../errors.ts';
import type { Runtime } from '../manifests/overlays.ts';
import type { ProgramEnd } from '../processes/bounded-program.ts';
import { runProgram } from '../processes/external-program.ts';
import { temporaryFolder } from '../processes/temporary-folder.ts';
import { packagesOf, type RuntimeUnderTest, runtimeSaying, VERSION_LIMITS } from './runtimes.ts';

const EXACT_VERSION = /^\d+\.\d+\.\d+(-[\w.]+)?$/;
/** A version, a range ("22", "^1.4") or a tag ("latest"), but nothing that npm would take for a file or an address. */
const NPM_VERSION = /^[\w^~][\w.^~-]*$/;
const INSTALL_LIMITS = { limitMs: 10 * 60_000, maxOutputBytes: 1024 * 1024 };

interface Choosing {
  /** Where installed versions are kept. */
  cacheFolder?: string;
  signal?: AbortSignal;
  /** Told before npm is asked for something. */
  onInstall?(what: string): void;
}

/**
 * The runtime that `choice` names: a path (with a slash) to a binary, or a version.
 * @throws InputError when there is no such file or version
 * @throws EnvironmentError when npm cannot install it, or what it names does not run
 */
export async function chosenRuntime(name: Runtime, choice: string, choosing: Choosing = {}): Promise<RuntimeUnderTest> {
  if (choice.includes('/')) {
    const binary = resolve(choice);
    assertProgramFile(binary, `--${name} ${choice}`);
    return runtimeAt(name, binary, `--${name} ${choice}`, choosing.signal);
  }
  if (!NPM_VERSION.test(choice)) {
    throw new InputError(`--${name} ${choice}: neither a version nor a path with a slash in it`);
  }
  const binary = await installed(name, choice, choosing);
  return runtimeAt(name, binary, `--${name} ${choice}: ${binary}`, choosing.signal);
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
async function installed(name: Runtime, version: string, choosing: Choosing): Promise<string> {
  const { cacheFolder = join(envPaths('k8s-rollout-test', { suffix: '' }).cache, 'runtimes') } = choosing;
  const folderOf = (packageName: string, of: string) => join(cacheFolder, `${packageName.replace('/', '+')}@${of}`);
  const packages = packagesOf(name);
  for (const candidate of EXACT_VERSION.test(version) ? packages : []) {
    const binary = join(folderOf(candidate.name, version), 'node_modules', candidate.name, candidate.binary);
    if (existsSync(binary)) return binary;
  }
  let failure: ProgramEnd | undefined;
  for (const candidate of packages) {
    choosing.onInstall?.(`${candidate.name}@${version}`);
    // Installed beside its place and moved there when whole, so that an interruption leaves nothing half there.
    const temporary = temporaryFolder('installing', cacheFolder);
    const folder = temporary.path;
    try {
      const npm = await npmInstall(folder, `${candidate.name}@${version}`, choosing.signal);
      if (npm.failure !== undefined) {
        failure ??= npm;
        continue;
      }
      const inside = join('node_modules', candidate.name);
      const { version: exact } = JSON.parse(readFileSync(join(folder, inside, 'package.json'), 'utf8'));
      const place = folderOf(candidate.name, exact);
      moveUnlessThere(folder, place);
      return join(place, inside, candidate.binary);
    } finally {
      await temporary.remove();
    }
  }
  throw whyNot(name, version, failure);
}

/** Another program may install the same at the same time. */
function moveUnlessThere(folder: string, place: string): void {
  try {
    renameSync(folder, place);
  } catch (error) {
    if (!existsSync(place)) throw error;
  }
}

function npmInstall(folder: string, spec: string, signal: AbortSignal | undefined): Promise<ProgramEnd> {
  const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  return runProgram(['npm', 'install', '--prefix', folder, ...flags, spec], { ...INSTALL_LIMITS, cwd: folder, signal });
}

/** npm's own words, of which the first line says what and the second why. */
function whyNot(name: Runtime, version: string, end: ProgramEnd | undefined): Error {
  const { stderr = '', notFound, failure = 'offers nothing for this platform' } = end ?? {};
  const lines = stderr.split('\n').flatMap((line) => /^npm (?:error|ERR!) (?!code)(.+)/.exec(line)?.[1] ?? []);
  const why = lines[0] ?? (notFound ? 'npm was not found' : `npm ${failure}`);
  const text = `--${name} ${version}: npm could not install it: ${why}`;
  return /\b(ETARGET|E404)\b/.test(stderr) ? new InputError(text) : new EnvironmentError(text);
}
