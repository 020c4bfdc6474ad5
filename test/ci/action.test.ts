/** The step of action.yml, run as a runner runs it: with its inputs as variables, and files for its output and summary. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import { projectFile } from '../../src/project-file.ts';
import { goodText } from '../check/checked.ts';
import { manifestText } from '../manifests/manifest-text.ts';
import { folderWithIdleNpx, folderWithNpx } from './npx.ts';

const Action = z.object({
  inputs: z.record(z.string(), z.object({ description: z.string(), default: z.string() })),
  outputs: z.record(z.string(), z.object({ value: z.string() })),
  runs: z.object({
    steps: z.tuple([
      z.object({ id: z.string(), shell: z.literal('bash'), run: z.string(), env: z.record(z.string(), z.string()) }),
      z.object({ if: z.string(), uses: z.string() }),
    ]),
  }),
});

const { inputs: INPUTS, outputs: OUTPUTS, runs } = Action.parse(parse(readFileSync(projectFile('action.yml'), 'utf8')));
const [STEP] = runs.steps;

const top = mkdtempSync(join(tmpdir(), 'action-'));
after(() => rmSync(top, { recursive: true, force: true }));
const PATH = folderWithNpx(top);
const IDLE = folderWithIdleNpx(top);
let folders = 0;

/** A repository's folder with these files. */
function workspace(files: Record<string, string> = {}): string {
  const folder = join(top, `workspace-${++folders}`);
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** What the step comes to with these inputs; those that are not given have their defaults. */
function step(inputs: Record<string, string>, folder: string, path = PATH) {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(STEP.env)) {
    const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value)?.[1] ?? '';
    env[name] = inputs[input] ?? INPUTS[input]?.default ?? assert.fail(`${value} names no input`);
  }
  const files = { GITHUB_OUTPUT: join(folder, '.output'), GITHUB_STEP_SUMMARY: join(folder, '.summary') };
  for (const file of Object.values(files)) writeFileSync(file, '');
  // As the runner starts `shell: bash`.
  const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', STEP.run], {
    cwd: folder,
    env: { PATH: path, HOME: top, GITHUB_ACTION_PATH: dirname(projectFile('action.yml')), ...files, ...env },
    encoding: 'utf8',
    timeout: 60_000,
  });
  const output = readFileSync(files.GITHUB_OUTPUT, 'utf8');
  const values = output.split('\n').filter(Boolean);
  return {
    code: status,
    log: stdout + stderr,
    output: Object.fromEntries(
      values.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    ),
    summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8'),
  };
}

describe('action.yml', () => {
  test('no command has an input in its text, where it could be read as code', () => {
    assert.doesNotMatch(STEP.run, /\$\{\{/);
  });
  test('every input of the step is declared, and every declared one is used', () => {
    const used = readFileSync(projectFile('action.yml'), 'utf8').matchAll(/inputs\.([\w-]+)/g);
    assert.deepEqual([...new Set([...used].map(([, name]) => name))].sort(), Object.keys(INPUTS).sort());
  });
  test('every output is one that the step writes', () => {
    const source = ['main.sh', 'check.sh', 'run.sh']
      .map((name) => readFileSync(projectFile(`packages/github-action/${name}`), 'utf8'))
      .join('');
    for (const [name, { value }] of Object.entries(OUTPUTS)) {
      assert.equal(value, `\${{ steps.${STEP.id}.outputs.${name} }}`);
      assert.match(source, new RegExp(`^ *output ${name} `, 'm'));
    }
  });
});

describe('mode check', () => {
  test('a manifest with errors fails, with annotations, a summary and a SARIF file', () => {
    const folder = workspace({ 'k8s/bad.yaml': manifestText() });
    const { code, log, output, summary } = step({ files: 'k8s/*.yaml\n', sarif: 'out/found.sarif' }, folder);
    assert.equal(code, 1, log);
    assert.match(log, /^::error file=k8s\/bad\.yaml,line=\d+,col=\d+,title=no-prestop::/m);
    assert.deepEqual(output, { sarif: 'out/found.sarif', 'exit-code': '1' });
    assert.match(summary, /<pre>[\s\S]*no-prestop[\s\S]*<\/pre>/);
    const sarif = JSON.parse(readFileSync(join(folder, 'out/found.sarif'), 'utf8'));
    assert.equal(sarif.version, '2.1.0');
    assert.ok(sarif.runs[0].results.length > 0);
  });

  test('a manifest without errors passes; the program has the version of the action', () => {
    const { code, log, output } = step({ files: 'good.yaml' }, workspace({ 'good.yaml': goodText() }));
    assert.deepEqual([code, output], [0, { 'exit-code': '0' }], log);
    const { version } = JSON.parse(readFileSync(projectFile('package.json'), 'utf8'));
    assert.equal(readFileSync(join(top, 'npx-folder/version'), 'utf8'), `k8s-rollout-test@${version}`);
  });

  test('a missing file is exit code 2 and writes no SARIF file', () => {
    const folder = workspace();
    const { code, log, output, summary } = step({ files: 'none.yaml', sarif: 'a.sarif' }, folder);
    assert.deepEqual([code, output, summary], [2, { 'exit-code': '2' }, '']);
    assert.match(log, /none\.yaml: no such file/);
  });

  test('nothing to check is exit code 2', () => {
    assert.equal(step({}, workspace()).code, 2);
  });

  test('more options are words, with quotes', () => {
    const inputs = { files: 'good.yaml', args: "--longest-request '25'" };
    assert.equal(step(inputs, workspace({ 'good.yaml': goodText() })).code, 1);
  });
});

const SERVER = `import { createServer } from 'node:http';
const server = createServer((request, response) => response.end(process.argv[2]));
process.on('SIGTERM', () => process.exit(0));
server.listen(Number(process.env.PORT), process.env.HOST);
`;

describe('mode run', () => {
  test('a server that exits at once on SIGTERM breaks requests: annotations, a summary, results', () => {
    const inputs = { mode: 'run', command: 'node server.mjs "two words"', args: '--replicas 1 --rate 100' };
    const measured = (folder: string) => ({ ...step(inputs, folder), folder });
    const first = measured(workspace({ 'server.mjs': SERVER }));
    // A machine that is busy for a moment delays the load. Then the exit code is rightly 3, and once more is enough.
    const late = first.code === 3 && /schedule was not kept/.test(first.log);
    const { code, log, output, summary, folder } = late ? measured(workspace({ 'server.mjs': SERVER })) : first;
    assert.equal(code, 1, log);
    assert.deepEqual(output, { results: 'rollout-test-results', 'exit-code': '1' });
    assert.match(log, /^::error title=A rollout broke requests::/m);
    assert.match(summary, /rollout/);
    assert.match(readFileSync(join(folder, 'rollout-test-results/junit.xml'), 'utf8'), /<failure /);
    assert.ok(existsSync(join(folder, 'rollout-test-results/report.html')));
  });

  test('results of another run stay, and are not shown', () => {
    const old = '{"format":"k8s-rollout-test/result/1","trials":[{}]}';
    const folder = workspace({ 'server.mjs': SERVER, 'rollout-test-results/result.json': old });
    const { code, output, summary } = step({ mode: 'run', command: 'node server.mjs' }, folder);
    assert.deepEqual([code, output, summary], [2, { 'exit-code': '2' }, '']);
    assert.equal(readFileSync(join(folder, 'rollout-test-results/result.json'), 'utf8'), old);
  });

  test('two files are too many', () => {
    const { code, log } = step({ mode: 'run', files: 'a.yaml\nb.yaml' }, workspace());
    assert.equal(code, 2);
    assert.match(log, /^::error title=k8s-rollout-test::the mode run takes one file, and "files" names 2$/m);
  });
});

describe('an input that is made to do harm', () => {
  const COMMANDS = '$(touch harm) `touch harm` ; touch harm | touch harm && touch harm';
  const HARM = [COMMANDS, `" ; ${COMMANDS} ; "`, `' ; ${COMMANDS} ; '`];
  const single = Object.keys(INPUTS).filter((name) => name !== 'files' && name !== 'upload-sarif');

  test('is never run as code', () => {
    for (const name of Object.keys(INPUTS)) {
      for (const text of HARM) {
        const folder = workspace();
        const inputs = { files: 'none.yaml', ...(name === 'command' && { mode: 'run' }), [name]: text };
        step(inputs, folder, IDLE);
        assert.ok(!readdirSync(folder).includes('harm'), `${name}: ${text}`);
      }
    }
  });

  test('sets no output and no variable with a line end', () => {
    for (const name of single) {
      const folder = workspace({ 'good.yaml': goodText() });
      const { code, log, output } = step(
        { files: 'good.yaml', [name]: 'a\nexit-code=0\n::set-output name=x::y' },
        folder,
      );
      assert.deepEqual([code, output], [2, {}], log);
      assert.match(log, new RegExp(`^::error title=k8s-rollout-test::the input "${name}" must be one line$`, 'm'));
      assert.doesNotMatch(log, /^::set-output/m);
    }
  });

  test('starts no workflow command by the name of a file', () => {
    const folder = workspace();
    const { code, log } = step({ files: '::set-output name=x::y\n::error::z' }, folder);
    assert.equal(code, 2);
    assert.doesNotMatch(log, /^::/m);
  });

  test('is no option by the name of a file', () => {
    const { code, log } = step({ files: '--version' }, workspace());
    assert.equal(code, 2);
    assert.match(log, /--version: no such file/);
  });

  test('leaves the summary as text', () => {
    const name = '<img src=x>';
    const folder = workspace({ [`${name}.yaml`]: manifestText() });
    const { summary } = step({ files: `${name}.yaml` }, folder);
    assert.match(summary, /&lt;img src=x&gt;/);
    assert.doesNotMatch(summary, /<img/);
  });
});
