/**
 * The runtimes that npm has installed for this program. Each package has its own folder, which is complete or absent, even if an
 * installation is interrupted or several programs install at the same time.
 */
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import envPaths from 'env-paths';
import type { ProgramEnd } from '../processes/bounded-program.ts';
import { runProgram } from '../processes/external-program.ts';
import { temporaryFolder } from '../processes/temporary-folder.ts';
import { every } from '../timers.ts';
import type { BinaryPackage } from './runtimes.ts';

/** Three runtimes take a few seconds; a slow connection may take minutes. */
const INSTALL_LIMITS = { limitMs: 10 * 60_000, maxOutputBytes: 1024 * 1024 };
const PROGRESS_INTERVAL_MS = 3000;
const FLAGS = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/** The progress of an installation. */
export interface InstallProgress {
  /** The package with its version. */
  what: string;
  /** Size of the unpacked files so far, in bytes; undefined if it cannot be read at the moment. */
  bytes: number | undefined;
  elapsedMs: number;
  state: 'started' | 'running' | 'done';
}

export interface InstallOptions {
  /** Where runtimes are stored; by default the system's cache folder. */
  cacheFolder?: string;
  /** Aborting ends npm and leaves nothing behind. */
  signal?: AbortSignal;
  onProgress?(progress: InstallProgress): void;
}

/** What npm installs. */
export interface Installation {
  packageName: string;
  /** The requested version, for messages. */
  version: string;
  /** The command of npm and its arguments. */
  npm: readonly string[];
  /** What npm finds in the folder, by name. */
  files: Readonly<Record<string, string>>;
}

/** The binary of an exact version; undefined if it is not installed. */
export function cachedBinary(
  { name, binary }: BinaryPackage,
  version: string,
  { cacheFolder }: InstallOptions,
): string | undefined {
  const path = join(placeOf(name, version, cacheFolder), 'node_modules', name, binary);
  return existsSync(path) ? path : undefined;
}

/**
 * Installs a package with npm and the user's npm settings.
 * @returns the binary's path, or how npm failed
 * @throws the signal's reason when aborted
 */
export async function installInCache(
  { name, binary }: BinaryPackage,
  installation: Installation,
  options: InstallOptions,
): Promise<{ binary: string } | { failed: ProgramEnd }> {
  const temporary = temporaryFolder('installing', options.cacheFolder ?? defaultCache());
  try {
    const failed = await runNpm(temporary.path, installation, options);
    if (failed) return { failed };
    const inside = join('node_modules', name);
    const { version } = JSON.parse(readFileSync(join(temporary.path, inside, 'package.json'), 'utf8'));
    const place = placeOf(name, version, options.cacheFolder);
    moveUnlessThere(temporary.path, place);
    return { binary: join(place, inside, binary) };
  } finally {
    await temporary.remove();
  }
}

/** Error lines of npm that only give details. The first other line says what went wrong. */
const DETAIL = /^(code|syscall|errno|path|dest|method|command|type) /;

/** How npm failed, in its own words. */
export function npmFailure({ stderr, notFound, failure }: ProgramEnd): string {
  const lines = stderr.split('\n').flatMap((line) => /^npm (?:error|ERR!) (?:network )?(.+)/.exec(line)?.[1] ?? []);
  return lines.find((line) => !DETAIL.test(line)) ?? (notFound ? 'npm was not found' : `npm ${failure}`);
}

async function runNpm(
  folder: string,
  { packageName, version, npm, files }: Installation,
  { signal, onProgress }: InstallOptions,
): Promise<ProgramEnd | undefined> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const begun = performance.now();
  const report = (state: InstallProgress['state']) =>
    onProgress?.({
      what: `${packageName}@${version}`,
      bytes: sizeOf(folder),
      elapsedMs: performance.now() - begun,
      state,
    });
  report('started');
  const timer = every(PROGRESS_INTERVAL_MS, () => report('running'));
  const command = ['npm', ...npm, '--prefix', folder, ...FLAGS];
  const end = await runProgram(command, { ...INSTALL_LIMITS, cwd: folder, signal }).finally(timer.cancel);
  if (end.failure !== undefined) return end;
  report('done');
  return undefined;
}

function placeOf(packageName: string, version: string, cacheFolder = defaultCache()): string {
  return join(cacheFolder, `${packageName.replace('/', '+')}@${version}`);
}

function defaultCache(): string {
  return join(envPaths('k8s-rollout-test', { suffix: '' }).cache, 'runtimes');
}

/** Another program may have installed the same package in the meantime. */
function moveUnlessThere(folder: string, place: string): void {
  try {
    renameSync(folder, place);
  } catch (error) {
    if (!existsSync(place)) throw error;
  }
}

/** In bytes; undefined if npm has just moved a folder away. */
function sizeOf(folder: string): number | undefined {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0)
      .reduce((sum, size) => sum + size, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
