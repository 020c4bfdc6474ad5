/** `run --dry-run` on this machine: the whole program. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { manifestText } from '../manifests/manifest-text.ts';
import { PROJECT, run } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'dry-run-'));
after(() => rmSync(folder, { recursive: true }));
const [deployment = '', service = ''] = manifestText().split('---\n');
writeFileSync(join(folder, 'deployment.yaml'), deployment);
writeFileSync(join(folder, 'service.yml'), service);
const refused = join(folder, 'refused.txt');
writeFileSync(
  refused,
  manifestText({
    deployment: { 'spec.template.spec.hostNetwork': true, 'spec.template.spec.hostPID': true, 'spec.replica': 2 },
  }),
);

/** A manifest whose container has this variable; returns its file. */
function withEnvironment(name: string, variable: object): string {
  const file = join(folder, `${name}.txt`);
  writeFileSync(file, manifestText({ deployment: { 'spec.template.spec.containers[0].env': [variable] } }));
  return file;
}
const EXEC = ['--exec', 'app=node server.js'];

describe('run --dry-run ends with', { concurrency: 2 }, () => {
  test('0 and what would be run, of a folder', async (t) => {
    const { code, stdout, stderr } = await run(t, ['run', '--dry-run', '-f', folder, ...EXEC]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Deployment "shop" behind Service "shop", port 80, target port http\n/);
    assert.equal(stderr, '');
  });
  test('0 with the command after --, which is for the container that serves', async (t) => {
    const { code, stdout, stderr } = await run(t, ['run', '--dry-run', '-f', folder, '--', 'node', 'server.js']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /container app: node server\.js/);
  });
  test('2 where that container has two commands', async (t) => {
    const { code, stderr } = await run(t, ['run', '--dry-run', '-f', folder, ...EXEC, '--', 'node', 'server.js']);
    assert.equal(code, 2);
    assert.match(stderr, /--exec app: this container serves, so the command after -- is for it\n$/);
  });
  test('2 where the program after -- is not on this machine', async (t) => {
    const { code, stderr } = await run(t, ['run', '--dry-run', '-f', folder, '--', 'no-such-program']);
    assert.equal(code, 2);
    assert.match(stderr, /run: there is no program "no-such-program" on this machine\n$/);
  });
  test('2 and a line for each field that is refused', async (t) => {
    const { code, stdout, stderr } = await run(t, ['run', '--dry-run', '-f', refused, ...EXEC]);
    assert.equal(code, 2);
    const [problem, ...lines] = stderr.trimEnd().split('\n');
    assert.match(problem ?? '', /^k8s-rollout-test: .*refused\.txt: 3 fields could change the result/);
    assert.deepEqual(lines.map((line) => /^ {2}Deployment "shop": .* --assume (\S+)$/.exec(line)?.[1]).sort(), [
      'hostNetwork',
      'hostPID',
      'unknown-fields',
    ]);
    assert.match(stdout, /\nRefused:\n/);
  });
  test('0 where the refused fields are assumed', async (t) => {
    const assume = ['hostNetwork', 'hostPID', 'unknown-fields'].flatMap((name) => ['--assume', name]);
    const { code, stdout } = await run(t, ['run', '--dry-run', '--json', '-f', refused, ...assume, ...EXEC]);
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout).assumed.length, 3);
  });
  test('2 and the preview where a command is missing', async (t) => {
    const { code, stdout, stderr } = await run(t, ['run', '--dry-run', '-f', folder]);
    assert.equal(code, 2);
    assert.match(stderr, /container "app" has no command.*--exec app="COMMAND"\n$/);
    assert.match(stdout, /container app: no command: name one with --exec/);
  });
  test('0 and an assumption for a Secret that the input does not have', async (t) => {
    const file = withEnvironment('absent', {
      name: 'TOKEN',
      valueFrom: { secretKeyRef: { name: 'tok', key: 'token' } },
    });
    const { code, stdout } = await run(t, ['run', '--dry-run', '-f', file, ...EXEC]);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /\nAssumed:\n {2}Secret "tok" is on the cluster: the input does not have it; TOKEN can come only/,
    );
  });
  test('2 for a variable that no container can have', async (t) => {
    const file = withEnvironment('wrong', { name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.qosClass' } } });
    const { code, stderr } = await run(t, ['run', '--dry-run', '-f', file, ...EXEC]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /container "app": env A: fieldPath "status\.qosClass" is not a field that a variable can have/,
    );
  });
  test('0 for manifests from standard input', () => {
    const args = [join(PROJECT, 'dist/cli.js'), 'run', '--dry-run', '-f', '-', ...EXEC];
    const { status, stdout } = spawnSync(process.execPath, args, { input: manifestText(), encoding: 'utf8' });
    assert.equal(status, 0);
    assert.match(stdout, /^Deployment "shop" behind Service "shop"/);
  });
});
