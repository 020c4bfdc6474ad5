/** `run` with the stop signal of an image, on nginx. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Result } from '../../src/results/result-file.ts';
import { PROJECT, run } from './program.ts';

const NGINX = join(PROJECT, 'test/own-service/servers/nginx.sh');
const skip = spawnSync('nginx', ['-v']).error !== undefined && 'needs nginx';

const folder = mkdtempSync(join(tmpdir(), 'stop-signal-'));
after(() => rmSync(folder, { recursive: true }));
const DOCKERFILE = join(folder, 'Dockerfile');
writeFileSync(DOCKERFILE, 'FROM nginx\nSTOPSIGNAL SIGQUIT\n');

const CASES: [what: string, flags: string[], cuts: boolean][] = [
  ['drains on the STOPSIGNAL of its Dockerfile', ['--dockerfile', DOCKERFILE], false],
  [
    'cuts on a signal from --stop-signal, which takes precedence',
    ['--dockerfile', DOCKERFILE, '--stop-signal', 'TERM'],
    true,
  ],
];

describe('nginx', () => {
  for (const [what, flags, cuts] of CASES) {
    test(what, { skip }, async (t) => {
      const requests = ['--path', '/slow', '--rate', '20', '--scenario', 'fresh'];
      const { stdout, stderr } = await run(t, ['run', '--json', ...requests, ...flags, '--', 'sh', NGINX, folder]);
      const { trials } = Result.parse(JSON.parse(stdout));
      const rollout = trials.find(({ variant }) => variant === 'own');
      assert.ok(rollout, stderr);
      assert.equal(rollout.causes['no-graceful-shutdown'] > 0, cuts, JSON.stringify(rollout));
    });
  }
});

test('a Dockerfile whose STOPSIGNAL is a variable is refused', async (t) => {
  const file = join(folder, 'Dockerfile.variable');
  writeFileSync(file, 'FROM a\nARG STOP=SIGQUIT\nSTOPSIGNAL $STOP\n');
  const { code, stderr } = await run(t, ['run', '--dockerfile', file, '--', 'node', 'server.js']);
  assert.deepEqual([code, stderr.split('\n').length], [2, 2]);
  assert.match(stderr, /:3: STOPSIGNAL \$STOP: variables are not resolved: name the signal with --stop-signal SIG\n$/);
});
