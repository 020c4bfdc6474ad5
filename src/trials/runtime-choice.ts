/** Runtimes other than the pinned ones: a binary on this machine, or a version that npm installs into a cache folder. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import envPaths from 'env-paths';
import { EnvironmentError, InputError } from '../errors.ts';
import type { Runtime } from '../manifests/overlays.ts';
import { packagesOf, type RuntimeUnderTest, runtimeAt } from './runtimes.ts';

const EXACT_VERSION = /^\d+\.\d+\.\d+(-[\w.]+)?$/;
/** A version, a range ("22", "^1.4") or a tag ("latest"), but nothing that npm would take for a file or an address. */
const NPM_VERSION = /^[\w^~][\w.^~-]*$/;
const INSTALL_TIMEOUT_MS = 10 * 60_000;

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
    if (!existsSync(binary) || !statSync(binary).isFile())
      throw new InputError(`--${name} ${choice}: there is no such file`);
    return runtimeAt(name, binary);
  }
  if (!NPM_VERSION.test(choice)) {
    throw new InputError(`--${name} ${choice}: neither a version nor a path with a slash in it`);
  }
  return runtimeAt(name, await installed(name, choice, choosing));
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
  let failure: unknown;
  for (const candidate of packages) {
    choosing.onInstall?.(`${candidate.name}@${version}`);
    mkdirSync(cacheFolder, { recursive: true });
    // Installed beside its place and moved there when whole, so that an interruption leaves nothing half there.
    const folder = mkdtempSync(join(cacheFolder, '.installing-'));
    try {
      await npmInstall(folder, `${candidate.name}@${version}`, choosing.signal);
      const inside = join('node_modules', candidate.name);
      const { version: exact } = JSON.parse(readFileSync(join(folder, inside, 'package.json'), 'utf8'));
      const place = folderOf(candidate.name, exact);
      if (!existsSync(place)) renameSync(folder, place);
      return join(place, inside, candidate.binary);
    } catch (error) {
      choosing.signal?.throwIfAborted();
      failure ??= error;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  throw whyNot(name, version, failure);
}

async function npmInstall(folder: string, spec: string, signal: AbortSignal | undefined): Promise<void> {
  const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await promisify(execFile)('npm', ['install', '--prefix', folder, ...flags, spec], {
    cwd: folder,
    timeout: INSTALL_TIMEOUT_MS,
    ...(signal ? { signal } : {}),
  });
}

/** npm's own words, of which the first line says what and the second why. */
function whyNot(name: Runtime, version: string, failure: unknown): Error {
  const { stderr = '', message, code } = failure as Error & { stderr?: string; code?: unknown };
  const lines = stderr.split('\n').flatMap((line) => /^npm (?:error|ERR!) (?!code)(.+)/.exec(line)?.[1] ?? []);
  const why = lines[0] ?? (code === 'ENOENT' ? 'npm was not found' : message.split('\n')[0]);
  const text = `--${name} ${version}: npm could not install it: ${why}`;
  return /\b(ETARGET|E404)\b/.test(stderr)
    ? new InputError(text, { cause: failure })
    : new EnvironmentError(text, { cause: failure });
}
