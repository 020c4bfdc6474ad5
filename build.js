/**
 * Bundles everything that runs into dist/: one self-contained server per runtime, and the command line program.
 *
 *   node build.js            everything
 *   node build.js deno       only the server for that runtime
 */
import { chmod, cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const RUNTIMES = ['node', 'bun', 'deno'];

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
  absWorkingDir: import.meta.dirname,
  bundle: true,
  format: 'esm',
  logLevel: 'warning',
  // The tsconfig files say how to check the code, not how to build it.
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
};

/** The server for one runtime, as a single file without dependencies. */
function buildServer(runtime) {
  return build({
    ...COMMON,
    entryPoints: [`runtimes/${runtime}/server.ts`],
    outfile: `dist/${runtime}/server.js`,
    target: 'es2023',
    platform: 'neutral',
    external: ['node:*'],
    ...(runtime === 'node' && WITH_COMMONJS),
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

/** The modules that users' servers import. Packages and the runtime's own modules are not bundled. */
function buildRecipes() {
  return build({
    ...COMMON,
    entryPoints: Object.fromEntries(RUNTIMES.map((runtime) => [runtime, `runtimes/${runtime}/serve.ts`])),
    outdir: 'dist/recipes',
    target: 'es2023',
    platform: 'neutral',
    external: ['node:*'],
    packages: 'external',
  });
}

/** The program, bundled with its packages, because reading hundreds of files slows down each start. */
async function buildProgram() {
  await rm(join(import.meta.dirname, 'dist/chunks'), { recursive: true, force: true });
  await build({
    ...COMMON,
    ...WITH_COMMONJS,
    entryPoints: PROGRAM,
    outdir: 'dist',
    target: 'node20',
    // So that each command loads only what it needs.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    sourcemap: true,
    banner: { js: `#!/usr/bin/env node\n${WITH_COMMONJS.banner.js}` },
  });
  await chmod(join(import.meta.dirname, 'dist/cli.js'), 0o755);
  // For editors, which find them in the package.
  await cp(join(import.meta.dirname, 'docs/schemas'), join(import.meta.dirname, 'dist/schemas'), { recursive: true });
}

const [only] = process.argv.slice(2);
if (only !== undefined && !RUNTIMES.includes(only)) {
  console.error(`build.js: no runtime "${only}"; there are ${RUNTIMES.join(', ')}`);
  process.exit(2);
}
await Promise.all(only ? [buildServer(only)] : [...RUNTIMES.map(buildServer), buildRecipes(), buildProgram()]);
