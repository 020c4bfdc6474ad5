/**
 * Rollouts through the real gateways; they must be on the PATH (tools/gateways/install-programs.sh). Not part of
 * `npm test`.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { TrialResult } from '../src/analysis/result.ts';
import { GATEWAYS } from '../src/gateways/registry.ts';
import { Result } from '../src/results/result-file.ts';
import { run } from '../test/cli/program.ts';

/** The settings that docs/gateways.md recommends. */
const SETTINGS = join(import.meta.dirname, '../tools/gateways/settings');

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'gateways-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

/** Runs the program and returns its trials; those of a machine that was too busy are not judged. */
async function trialsOf(t: TestContext, [command = '', ...args]: readonly string[]): Promise<TrialResult[]> {
  const out = folder(t);
  const { stderr } = await run(t, [command, '--rate', '150', '--out', out, ...args]);
  assert.ok(existsSync(join(out, 'result.json')), stderr);
  return Result.parse(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))).trials;
}

for (const { name, title } of GATEWAYS) {
  describe(title, () => {
    test('one broken and one valid overlay', async (t) => {
      const trials = await trialsOf(t, ['compare', '--runtime', 'bun', '--variant', 'broken,valid', '--through', name]);
      const of = (variant: string) => trials.find((trial) => trial.variant === variant) as TrialResult;
      for (const trial of trials) {
        assert.equal(trial.through, name);
        assert.match(trial.gateway?.version ?? '', /^\d+\./);
      }
      const [broken, valid] = [of('broken'), of('valid')];
      assert.ok(broken.failed > 10, JSON.stringify(broken));
      assert.ok(broken.causes.unexplained <= 0.05 * broken.failed, JSON.stringify(broken));
      assert.equal(valid.podsReplaced, 3, JSON.stringify(valid));
      // With defaults some gateways close idle connections to clients when they learn of other endpoints.
      if (valid.valid) assert.ok(valid.failed <= 30, JSON.stringify(valid));
      assert.equal(valid.causes['routing-lag'], 0, JSON.stringify(valid));
    });
  });
}

test('a failure that a gateway hides is seen: a pod that answers nothing for a second', async (t) => {
  const dir = folder(t);
  const server = join(dir, 'server.mjs');
  writeFileSync(
    server,
    `import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
let busyUntil = 0;
/** Only the first pod that comes. */
const isFirst = (() => {
  try {
    writeFileSync(process.argv[2], '', { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
})();
const server = createServer((request, response) => {
  if (performance.now() < busyUntil) return; // no answer to what comes in that second
  response.end('ok');
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), process.env.HOST);
if (isFirst) setTimeout(() => { busyUntil = performance.now() + 1000; }, 6000);
`,
  );
  const settings = join(dir, 'nginx.conf');
  writeFileSync(settings, `${readFileSync(join(SETTINGS, 'nginx.conf'), 'utf8')}\nproxy_read_timeout 500ms;\n`);
  const trials = await trialsOf(t, [
    ...['run', '--through', 'nginx', '--gateway-config', settings, '--gateway-retries', '2', '--replicas', '3'],
    ...['--pre-stop', '5', '--', process.execPath, server, join(dir, 'first')],
  ]);
  const hidden = trials.flatMap(({ hiddenByGateway = [] }) => hiddenByGateway);
  const timeouts = hidden.filter(({ cause, method }) => cause === 'gateway' && method === 'GET');
  assert.ok(timeouts.length > 0, JSON.stringify(trials));
});

test('a server that closes idle connections before its gateway loses requests without a rollout', async (t) => {
  const server = join(folder(t), 'server.mjs');
  writeFileSync(
    server,
    `import { createServer } from 'node:http';
const server = createServer((request, response) => response.end('ok'));
server.keepAliveTimeout = 2000;
server.keepAliveTimeoutBuffer = 0;
server.listen(Number(process.env.PORT), process.env.HOST);
`,
  );
  const trials = await trialsOf(t, [
    ...['run', '--through', 'nginx', '--pauses', '--method', 'POST', '--body', 'x', '--pre-stop', '2'],
    ...['--', process.execPath, server],
  ]);
  const { pauses, causes, valid, invalidReasons } = trials.find(({ variant }) => variant === 'pauses') as TrialResult;
  assert.ok(valid, JSON.stringify(invalidReasons));
  assert.ok(Math.abs((pauses?.idleLimitMs ?? 0) - 2000) < 200, JSON.stringify(pauses));
  const [post] = pauses?.methods ?? [];
  assert.equal(post?.requests, 120 * 19);
  assert.ok(post.lost > 0 && post.lost === causes['keep-alive-race'], JSON.stringify(pauses));
});
