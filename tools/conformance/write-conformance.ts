/**
 * Runs the conformance suite against this project's app in each mode and against other servers, and writes
 * docs/results/conformance.json and docs/conformance.md.
 *
 *   npm run conformance                    all servers
 *   npm run conformance -- stoppable …     only these; the others keep their results
 *   npm run conformance -- --page          only the page, from the existing results
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { runSuite } from '../../src/conform/suite.ts';
import { EnvironmentError } from '../../src/errors.ts';
import { projectFile } from '../../src/project-file.ts';
import { findRuntime } from '../../src/trials/runtimes.ts';
import { conformanceMatrix } from './conformance-page.ts';
import { type MatrixResult, readMatrix, writeMatrix } from './results.ts';
import { MATRIX_GRACE_S, type MatrixServer, matrixServers, matrixSuite } from './servers.ts';

const AT_A_TIME = 2;
const names = process.argv.slice(2);
const servers = matrixServers();
const unknown = names.find((name) => name !== '--page' && !servers.some(({ id }) => id === name));
if (unknown !== undefined) {
  console.error(`no server "${unknown}"; there are ${servers.map(({ id }) => id).join(', ')}`);
  process.exit(2);
}
const chosen = servers.filter(({ id }) => names.length === 0 || names.includes(id));
const limit = pLimit(AT_A_TIME);
const fresh = await Promise.all(chosen.map((server) => limit(() => run(server))));
const results = servers
  .map(({ id }) => [...fresh, ...readMatrix()].find((result) => result.id === id))
  .filter((result) => result !== undefined);
writeMatrix(results, MATRIX_GRACE_S);
const page = join(dirname(projectFile('package.json')), 'docs/conformance.md');
writeFileSync(page, conformanceMatrix(servers, results, MATRIX_GRACE_S));
process.exit();

async function run(server: MatrixServer): Promise<MatrixResult> {
  const { id } = server;
  const versions = versionsOf(server);
  try {
    const result = await runSuite(matrixSuite(server));
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
