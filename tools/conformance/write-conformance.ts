/**
 * Runs the conformance suite against this project's app in each mode and against other servers, and writes
 * docs/results/conformance.json and docs/conformance.md.
 *
 *   npm run conformance                    all servers
 *   npm run conformance -- stoppable …     only these; the others keep their results
 *   npm run conformance -- --case ID …     only this case; the others keep their results
 *   npm run conformance -- --page          only the page, from the existing results
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import pLimit from 'p-limit';
import { CASES } from '../../src/conform/cases/registry.ts';
import { runSuite } from '../../src/conform/suite.ts';
import { EnvironmentError } from '../../src/errors.ts';
import { projectFile } from '../../src/project-file.ts';
import { findRuntime } from '../../src/trials/runtimes.ts';
import { conformanceMatrix } from './conformance-page.ts';
import { type MatrixResult, readMatrix, writeMatrix } from './results.ts';
import { MATRIX_GRACE_S, type MatrixServer, matrixServers, matrixSuite } from './servers.ts';

/** Servers at a time. A single case mostly waits. */
const AT_A_TIME = 2;
const AT_A_TIME_FOR_ONE_CASE = 6;

const { values, positionals: names } = parseArgs({
  options: { page: { type: 'boolean', default: false }, case: { type: 'string' } },
  allowPositionals: true,
});
const servers = matrixServers();
const unknown = names.find((name) => !servers.some(({ id }) => id === name));
if (unknown !== undefined) {
  console.error(`no server "${unknown}"; there are ${servers.map(({ id }) => id).join(', ')}`);
  process.exit(2);
}
const chosenCases = values.case === undefined ? CASES : CASES.filter(({ id }) => id === values.case);
if (chosenCases.length === 0) {
  console.error(`no case "${values.case}"; there are ${CASES.map(({ id }) => id).join(', ')}`);
  process.exit(2);
}
const chosen = values.page ? [] : servers.filter(({ id }) => names.length === 0 || names.includes(id));
const limit = pLimit(values.case === undefined ? AT_A_TIME : AT_A_TIME_FOR_ONE_CASE);
const before = readMatrix();
const fresh = await Promise.all(chosen.map((server) => limit(() => run(server).then(withOtherCases))));
const results = servers
  .map(({ id }) => [...fresh, ...before].find((result) => result.id === id))
  .filter((result) => result !== undefined);
writeMatrix(results, MATRIX_GRACE_S);
const page = join(dirname(projectFile('package.json')), 'docs/conformance.md');
writeFileSync(page, conformanceMatrix(servers, results, MATRIX_GRACE_S));
process.exit();

/** Adds the earlier results of the cases that did not run. */
function withOtherCases(result: MatrixResult): MatrixResult {
  const earlier = before.find(({ id }) => id === result.id);
  if (chosenCases === CASES || !earlier || result.error !== undefined) return result;
  if (earlier.versions !== result.versions) {
    console.error(
      `${result.id}: the other cases ran with ${earlier.versions}, and not ${result.versions}: run all cases`,
    );
    process.exit(1);
  }
  const kept = earlier.cases.filter(({ id }) => !chosenCases.some((one) => one.id === id));
  return { ...result, cases: [...kept, ...result.cases].toSorted((a, b) => a.number - b.number) };
}

async function run(server: MatrixServer): Promise<MatrixResult> {
  const { id } = server;
  const versions = versionsOf(server);
  try {
    const result = await runSuite(matrixSuite(server, chosenCases));
    const cases = result.cases.map(
      ({ durationMs: _durationMs, title: _title, family: _family, ...verdict }) => verdict,
    );
    console.log(`${id}: ${cases.filter(({ status }) => status === 'fail').length} failed`);
    return { id, versions, cases };
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    console.log(`${id}: ${error.message}`);
    // Paths of this machine are removed.
    return { id, versions, error: error.message.replaceAll(dirname(projectFile('package.json')), '.'), cases: [] };
  }
}

function versionsOf({ runtimes, packages }: MatrixServer): string {
  return [
    ...runtimes.map((runtime) => `${runtime} ${findRuntime(runtime).version}`),
    ...packages.map((name) => `${name} ${packageVersion(name)}`),
  ].join(', ');
}

function packageVersion(name: string): string {
  return JSON.parse(readFileSync(projectFile(`node_modules/${name}/package.json`), 'utf8')).version;
}
