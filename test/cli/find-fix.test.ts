/** `run --find-fix` end to end: real rollouts, with and without the fixes that it tries. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Result } from '../../src/results/result-file.ts';
import { PROJECT, run } from './program.ts';

test('--find-fix finds the one missing fix, and shows how to make it', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'find-fix-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const flags = ['--find-fix', '--repeat', '1', '--rate', '84', '--json', '--out', dir];
  const ended = await run(t, ['run', '-k', 'kustomize/overlays/without-graceful-shutdown-bun', ...flags]);
  assert.equal(readFileSync(join(dir, 'result.json'), 'utf8'), ended.stdout);
  const { fix, advice, trials } = Result.parse(JSON.parse(ended.stdout));
  assert.deepEqual(
    [fix?.state, fix?.changes.map((change) => change.fix)],
    ['found', ['graceful-shutdown']],
    ended.stderr,
  );
  assert.match(fix?.component ?? '', /kind: Component.*name: rollout-test.*name: SHUTDOWN\n +value: drain/s);
  assert.equal(advice?.changes[0]?.change, 'graceful-shutdown');
  assert.ok(trials.some((trial) => trial.variant === 'own+graceful-shutdown' && trial.failed === 0));
  const page = readFileSync(join(dir, 'report.html'), 'utf8');
  assert.match(page, /FOUND: with this change, 1 rollout of Deployment rollout-test broke no requests;/);
  assert.equal(ended.code, 0);

  const saved = await run(t, ['compare', dir, '--json']);
  assert.deepEqual([saved.code, saved.stdout], [0, ended.stdout], 'read back, it is the same');
  assert.equal((await run(t, ['report', dir, '--format', 'html'])).stdout, page);
  const { stdout: junit } = await run(t, ['report', dir, '--format', 'junit']);
  assert.match(junit, /tests="1" failures="0" errors="0"/);
});

test('--find-fix names changes that only the server can make, and tries nothing that the measurement rules out', async (t) => {
  const flags = ['--find-fix', '--replicas', '2', '--pre-stop', '5', '--path', '/delay/1500', '--rate', '20'];
  const ended = await run(t, [
    'run',
    ...flags,
    '--',
    process.execPath,
    join(PROJECT, 'test/fixtures/servers/own-deadline.mjs'),
  ]);
  assert.match(
    ended.stdout,
    /^NOT FOUND: no change to the manifest of node .* is enough; the rest must be fixed in the server\n/,
    ended.stderr,
  );
  assert.match(
    ended.stdout,
    /: a longer shutdown deadline in the server: it gave up 0\.4\d s after SIGTERM, although the grace period is 30 s/,
  );
  for (const fix of ['replicas: has 2', 'graceful-shutdown: ', 'grace-period: has 30 s', 'pre-stop: has 5 s']) {
    assert.ok(ended.stdout.includes(`Not tried: ${fix}`), fix);
  }
  assert.match(ended.stdout, /│ unchanged +│ [1-9]\d* +│\n└/, 'nothing else was tried');
  assert.equal(ended.code, 1, ended.stderr);
});
