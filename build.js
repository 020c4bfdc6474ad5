/**
 * Bundles everything that runs: one self-contained server per runtime, the command line program, and the modules that
 * users' servers import.
 *
 *   node build.js            everything, for this checkout
 *   node build.js deno       only the server for that runtime
 *   node build.js package    the published program: a clean build, minified, with the licences of the bundled packages
 *   node build.js serve      the published packages/serve
 */
import { chmod, copyFile, cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const RUNTIMES = ['node', 'bun', 'deno'];
const PROJECT = import.meta.dirname;
const SERVE = 'packages/serve/dist';

const PROGRAM = {
  cli: 'src/cli.ts',
  'load-worker': 'src/load/builtin/worker.ts',
  warden: 'src/processes/warden.ts',
  'check-worker': 'src/check/worker.ts',
  'manifests-worker': 'src/manifests/worker.ts',
  'pod-relay': 'src/clusters/local/pod-relay.ts',
};

/** @type {import('esbuild').BuildOptions} */
const COMMON = {
  absWorkingDir: PROJECT,
  bundle: true,
  format: 'esm',
  logLevel: 'warning',
  metafile: true,
  // The tsconfig files say how to check the code, not how to build it.
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
};

/**
 * Keeps names, because errors and libraries show them. The licences are in a separate file.
 * @type {import('esbuild').BuildOptions}
 */
const MINIFIED = { minify: true, keepNames: true, legalComments: 'none' };

/** The server for one runtime, as a single file without dependencies. */
function buildServer(runtime, options = {}) {
  return build({
    ...COMMON,
    entryPoints: [`runtimes/${runtime}/server.ts`],
    outfile: `dist/${runtime}/server.js`,
    target: 'es2023',
    platform: 'neutral',
    external: ['node:*'],
    ...(runtime === 'node' && WITH_COMMONJS),
    ...options,
  });
}

/** @type {import('esbuild').BuildOptions} */
const WITH_COMMONJS = {
  platform: 'node',
  // CommonJS packages, such as ws, require() Node's own modules.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module';\nconst require = requireFrom(import.meta.url);",
  },
  // ws's optional native parts.
  external: ['bufferutil', 'utf-8-validate'],
};

/** The modules that users' servers import. They have no dependencies. */
function buildServe() {
  return build({
    ...COMMON,
    entryPoints: Object.fromEntries(RUNTIMES.map((runtime) => [runtime, `runtimes/${runtime}/serve.ts`])),
    outdir: SERVE,
    target: 'es2023',
    platform: 'neutral',
    external: ['node:*'],
  });
}

/** The program, bundled with its packages, because reading hundreds of files slows down each start. */
async function buildProgram(options = { sourcemap: true }) {
  await rm(join(PROJECT, 'dist/chunks'), { recursive: true, force: true });
  const built = await build({
    ...COMMON,
    ...WITH_COMMONJS,
    entryPoints: PROGRAM,
    outdir: 'dist',
    target: 'node20',
    // So that each command loads only what it needs.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    banner: { js: `#!/usr/bin/env node\n${WITH_COMMONJS.banner.js}` },
    ...options,
  });
  await chmod(join(PROJECT, 'dist/cli.js'), 0o755);
  // For editors, which find them in the package.
  await cp(join(PROJECT, 'docs/schemas'), join(PROJECT, 'dist/schemas'), { recursive: true });
  const { writeRuntimes } = await import('./tools/package/runtimes.js');
  await writeRuntimes(PROJECT, 'dist/runtimes');
  return built;
}

async function writeLicenses(file, builds) {
  const { thirdPartyLicenses } = await import('./tools/package/licenses.js');
  await thirdPartyLicenses(PROJECT, file, builds);
}

async function buildPackage() {
  await rm(join(PROJECT, 'dist'), { recursive: true, force: true });
  const servers = RUNTIMES.map((runtime) => buildServer(runtime, MINIFIED));
  const builds = await Promise.all([...servers, buildProgram(MINIFIED)]);
  await writeLicenses('dist/THIRD-PARTY-LICENSES', builds);
}

async function buildServePackage() {
  await rm(join(PROJECT, SERVE), { recursive: true, force: true });
  const { emitTypes } = await import('./tools/package/types.js');
  const [built] = await Promise.all([buildServe(), emitTypes(PROJECT)]);
  await writeLicenses(`${SERVE}/THIRD-PARTY-LICENSES`, [built]);
  await copyFile(join(PROJECT, 'LICENSE'), join(PROJECT, 'packages/serve/LICENSE'));
}

/** By the argument. */
const BUILDS = {
  ...Object.fromEntries(RUNTIMES.map((runtime) => [runtime, () => buildServer(runtime)])),
  package: buildPackage,
  serve: buildServePackage,
};

const [only] = process.argv.slice(2);
if (only !== undefined && !Object.hasOwn(BUILDS, only)) {
  console.error(`build.js: no "${only}"; there are ${Object.keys(BUILDS).join(', ')}`);
  process.exit(2);
}
if (only) await BUILDS[only]();
else await Promise.all([...RUNTIMES.map((runtime) => buildServer(runtime)), buildServe(), buildProgram()]);
