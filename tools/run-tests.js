/**
 * Bundles the tests and runs them. Without bundling, translating a test file on load takes half a second of processor
 * time before its first test.
 *
 *   node tools/run-tests.js             every test
 *   node tools/run-tests.js unit        tests that start no process and use no socket
 *   node tools/run-tests.js hostile     the tests of test-hostile instead
 *   node tools/run-tests.js FILE…       only these files
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const PROJECT = dirname(import.meta.dirname);
/** A flat folder: projectFile() searches upwards, and must not find a folder of tests instead of one of the project. */
const OUT = join(PROJECT, 'dist/tests');

/** Tests mostly wait (for example for grace periods), so more of them run at a time than there are cores. */
const AT_A_TIME = 2 * availableParallelism();

/** Tests with real processes, sockets and signals. Those that take longest come first. */
const WITH_PROCESSES = [
  'test-hostile/servers',
  'test-hostile/sessions',
  'test-hostile/folder-fields',
  'test-hostile/times',
  'cli/run',
  'cli/compare',
  'cli/find-fix',
  'cli/conform',
  'conform/cases',
  'cases/',
  'ci/',
  'check/cli',
  'cli/',
  'engine/',
  'package/',
  'recipes/',
  'app/runtimes',
  'k6/k6',
  'check/report',
  'gateways/endpoint-feed',
  'kubernetes/existing-cluster',
  'kubernetes/kubernetes-cluster',
  'kubernetes/connect',
  'kubernetes/controller',
  'kubernetes/namespace-gateway',
  'kubernetes/namespaces',
  'kubernetes/observer',
  'kubernetes/pod-clocks',
  'kubernetes/reading',
  'kubernetes/replay',
  'kubernetes/streams',
  'kubernetes/trigger',
  'kubernetes/watches',
  'kubernetes/workload',
  'k6/k6-job',
  'k6/warden',
  'load/builtin',
  'load/connection',
  'load/generator',
  'load/protocol',
  'local/grpc-check',
  'local/hook',
  'load/sessions',
  'local/listening-sockets',
  'local/output-lines',
  'local/ports',
  'local/refusals',
  'local/served-port',
  'local/probe-check',
  'completion/',
  'output/unexpected',
  'processes/',
  'runtimes/',
  'trials/',
];

/** @param {string} file */
const order = (file) => {
  const name = relative(PROJECT, file).replace(/^test\//, '');
  const place = WITH_PROCESSES.findIndex((start) => name.startsWith(start));
  return place < 0 ? WITH_PROCESSES.length : place;
};

/** Makes bundled code see the location of its source file instead of the bundle's. */
const inPlace = {
  name: 'in-place',
  /** @param {import('esbuild').PluginBuild} bundler */
  setup(bundler) {
    bundler.onLoad({ filter: /\/test(-hostile)?\/.*\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8')
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
    }));
  },
};

/**
 * All unit tests are one file for Node, because each file costs the start of a process, which takes longer than the
 * tests in it.
 * @param {string[]} files
 */
const together = (files) => ({
  name: 'together',
  /** @param {import('esbuild').PluginBuild} bundler */
  setup(bundler) {
    bundler.onResolve({ filter: /^unit$/ }, () => ({ path: 'unit', namespace: 'together' }));
    bundler.onLoad({ filter: /^unit$/, namespace: 'together' }, () => ({
      contents: files.map((file) => `import ${JSON.stringify(file)};`).join('\n'),
      resolveDir: PROJECT,
    }));
  },
});

function everyTest(folder = 'test') {
  return readdirSync(join(PROJECT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** @param {string[]} words */
function chosen(words) {
  if (words.length === 0) return everyTest();
  if (words[0] === 'hostile') return everyTest('test-hostile');
  if (words[0] === 'unit') return everyTest().filter((file) => order(file) === WITH_PROCESSES.length);
  return words.map((word) => join(PROJECT, word));
}

const files = chosen(process.argv.slice(2)).sort((a, b) => order(a) - order(b) || a.localeCompare(b));
/** Replaced timers and hooks at the top level of a file would apply to the tests of other files too. */
const needsProcess = (/** @type {string} */ file) =>
  order(file) < WITH_PROCESSES.length || /mock\.timers|^(before|after)(Each)?\(/m.test(readFileSync(file, 'utf8'));
const unit = files.filter((file) => !needsProcess(file));
const alone = files.filter((file) => !unit.includes(file));
/** Node starts test files in alphabetical order, so the names begin with a number. */
const entries = alone.map((file, place) => [
  `${String(place).padStart(3, '0')}.${basename(dirname(file))}.${basename(file, '.ts')}`,
  file,
]);
// Neither first, beside the longest tests, nor last, when nothing else is left to run beside it.
if (unit.length > 0) entries.push(['020.unit', 'unit']);
rmSync(OUT, { recursive: true, force: true });
await build({
  absWorkingDir: PROJECT,
  entryPoints: Object.fromEntries(entries),
  outdir: OUT,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  plugins: [together(unit), inPlace],
});
const flags = ['--enable-source-maps', '--test', `--test-concurrency=${AT_A_TIME}`];
const bundles = entries.map(([name]) => join(OUT, `${name}.js`));
const { status } = spawnSync(process.execPath, [...flags, ...bundles], { stdio: 'inherit', cwd: PROJECT });
process.exit(status ?? 1);
