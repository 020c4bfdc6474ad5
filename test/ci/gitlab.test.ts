/** The jobs of the GitLab template: their script lines, run as a runner runs them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import { projectFile } from '../../src/project-file.ts';
import { goodText } from '../check/checked.ts';
import { manifestText } from '../manifests/manifest-text.ts';
import { folderWithIdleNpx, folderWithNpx } from './npx.ts';

const Job = z.object({
  image: z.string().optional(),
  variables: z.record(z.string(), z.string()).optional(),
  script: z.array(z.string()).optional(),
});
const JOBS = z
  .record(z.string(), Job)
  .parse(parse(readFileSync(projectFile('packages/gitlab/rollout-test.yml'), 'utf8')));
const { version } = JSON.parse(readFileSync(projectFile('package.json'), 'utf8'));

const top = mkdtempSync(join(tmpdir(), 'gitlab-'));
after(() => rmSync(top, { recursive: true, force: true }));
const PATH = folderWithNpx(top);
const IDLE = folderWithIdleNpx(top);

/** Runs a job with these variables in a folder with these files; GitLab's runner joins the lines of `script` in one shell. */
function job(name: string, variables: Record<string, string>, files: Record<string, string>, path = PATH) {
  const folder = mkdtempSync(join(top, 'job-'));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const env = { PATH: path, HOME: top, ...JOBS['.rollout-test']?.variables, ...JOBS[name]?.variables, ...variables };
  const script = ['set -eo pipefail', ...(JOBS[name]?.script ?? [])].join('\n');
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status, log: stdout + stderr, folder };
}

test('the template has the version of the program, and the Node of the images', () => {
  assert.equal(JOBS['.rollout-test']?.variables?.ROLLOUT_TEST_VERSION, version);
  assert.match(
    readFileSync(projectFile('packages/image/Dockerfile'), 'utf8'),
    new RegExp(`^FROM ${JOBS['.rollout-test']?.image}$`, 'm'),
  );
});

describe('the check job', () => {
  const report = (folder: string) => JSON.parse(readFileSync(join(folder, 'gl-code-quality-report.json'), 'utf8'));

  test('fails with errors, and reports them', () => {
    const { code, log, folder } = job(
      '.rollout-test-check',
      { ROLLOUT_TEST_FILES: '*.yaml' },
      { 'bad.yaml': manifestText() },
    );
    assert.equal(code, 1, log);
    assert.match(log, /bad\.yaml:\d+:\d+ error no-prestop/);
    const issues = report(folder);
    assert.ok(issues.some((issue: { check_name: string }) => issue.check_name === 'no-prestop'));
    assert.equal(issues[0].location.path, 'bad.yaml');
  });

  test('passes without', () => {
    const { code, log, folder } = job(
      '.rollout-test-check',
      { ROLLOUT_TEST_FILES: 'good.yaml' },
      { 'good.yaml': goodText() },
    );
    assert.equal(code, 0, log);
    assert.ok(report(folder).every(({ severity }: { severity: string }) => severity === 'info'));
  });

  test('a missing file is exit code 2', () => {
    const { code, log } = job('.rollout-test-check', { ROLLOUT_TEST_FILES: 'none.yaml' }, {});
    assert.equal(code, 2);
    assert.match(log, /none\.yaml: no such file/);
  });
});

test('the run job exits with the code of run, and writes a JUnit report', () => {
  const server =
    "require('node:http').createServer((_, response) => response.end()).listen(process.env.PORT, process.env.HOST)";
  const measured = () =>
    job(
      '.rollout-test-run',
      {
        ROLLOUT_TEST_COMMAND: 'node server.cjs',
        ROLLOUT_TEST_ARGS: '--replicas 1 --rate 50 --grace 1',
        ROLLOUT_TEST_MAX_FAILED: '100000',
      },
      { 'server.cjs': server },
    );
  const first = measured();
  // A machine that is busy for a moment delays the load. Then the exit code is rightly 3, and once more is enough.
  const { code, log, folder } = first.code === 3 && /schedule was not kept/.test(first.log) ? measured() : first;
  assert.equal(code, 0, log);
  assert.match(
    readFileSync(join(folder, 'rollout-test-junit.xml'), 'utf8'),
    /<testcase name="node server.cjs: rollout-1"/,
  );
});

test('no variable is run as code', () => {
  const harm = '$(touch harm) `touch harm` ; touch harm | touch harm';
  for (const [name, { variables = {} }] of Object.entries(JOBS)) {
    for (const variable of Object.keys(variables)) {
      const { folder } = job(name, { [variable]: harm }, {}, IDLE);
      assert.ok(!readdirSync(folder).includes('harm'), `${name}: ${variable}`);
    }
  }
});
