/** `run` from end to end, on servers that nobody here wrote: what their documentation shows first. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { CauseId } from '../../src/analysis/causes.ts';
import { Result, type TrialResult } from '../../src/analysis/result.ts';
import { canBePid1 } from '../../src/clusters/local/container.ts';
import { findRuntime } from '../../src/runtimes.ts';
import { run } from './program.ts';

const SERVERS = join(import.meta.dirname, '..', 'own-service', 'servers');
const BUN = findRuntime('bun').command[0] as string;
const DENO = findRuntime('deno').command[0] as string;
const OWN_PORT = canBePid1() ? false : 'pods have no networks of their own here';

const built = mkdtempSync(join(tmpdir(), 'own-servers-'));
after(() => rmSync(built, { recursive: true }));

/** Causes that may be named for a server of that kind; a rollout of one that goes wrong names one of them at least. */
const KINDS: Record<'ignores SIGTERM' | 'dies of SIGTERM' | 'closes at once', { causes: CauseId[]; breaks: boolean }> =
  {
    // As PID 1 it serves on until SIGKILL, which cuts what is under way at that moment, if anything is.
    'ignores SIGTERM': { causes: ['no-graceful-shutdown'], breaks: false },
    // Deno does, even as PID 1.
    'dies of SIGTERM': { causes: ['no-graceful-shutdown', 'routing-lag', 'keep-alive-race'], breaks: true },
    'closes at once': { causes: ['routing-lag', 'keep-alive-race'], breaks: true },
  };

interface Server {
  kind: keyof typeof KINDS;
  flags?: string[];
  command(): string[];
  skip?: string | false;
}

const missing = (program: string) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error !== undefined;

const CASES: Record<string, Server> = {
  'node:http': { kind: 'ignores SIGTERM', command: () => [process.execPath, join(SERVERS, 'node-http.mjs')] },
  Express: {
    kind: 'ignores SIGTERM',
    flags: ['--port', '3000'],
    command: () => [process.execPath, join(SERVERS, 'express.mjs')],
    skip: OWN_PORT,
  },
  Fastify: {
    kind: 'ignores SIGTERM',
    flags: ['--port', '3000'],
    command: () => [process.execPath, join(SERVERS, 'fastify.mjs')],
    skip: OWN_PORT,
  },
  'Bun one-liner': {
    kind: 'ignores SIGTERM',
    command: () => [BUN, '-e', 'Bun.serve({ fetch: () => new Response("Hello") })'],
  },
  'Deno one-liner': {
    kind: 'dies of SIGTERM',
    flags: ['--port', '8000'],
    command: () => [DENO, 'eval', 'Deno.serve(() => new Response("Hello"))'],
    skip: OWN_PORT,
  },
  'Python http.server': {
    kind: 'ignores SIGTERM',
    flags: ['--port', '8000'],
    command: () => ['python3', '-m', 'http.server', '--directory', SERVERS],
    skip: OWN_PORT || (missing('python3') && 'there is no python3 here'),
  },
  'Python http.server, told its port': {
    kind: 'ignores SIGTERM',
    command: () => ['python3', '-m', 'http.server', '--directory', SERVERS, '$(PORT)'],
    skip: missing('python3') && 'there is no python3 here',
  },
  'Go, http.Server.Shutdown': {
    kind: 'closes at once',
    flags: ['--port', '8080'],
    command: () => {
      const binary = join(built, 'go-server');
      execFileSync('go', ['build', '-o', binary, join(SERVERS, 'main.go')], { env: { ...process.env, GOFLAGS: '' } });
      return [binary];
    },
    skip: OWN_PORT || (spawnSync('go', ['version'], { stdio: 'ignore' }).error && 'there is no go here') || false,
  },
  'Rust, TcpListener': {
    kind: 'ignores SIGTERM',
    flags: ['--port', '7878'],
    command: () => {
      const binary = join(built, 'rust-server');
      execFileSync('rustc', ['-O', '-o', binary, join(SERVERS, 'main.rs')], { stdio: 'ignore' });
      return [binary];
    },
    skip: OWN_PORT || (missing('rustc') && 'there is no rustc here'),
  },
};

describe('a rollout of', { concurrency: 2 }, () => {
  for (const [name, { kind, flags = [], command, skip = false }] of Object.entries(CASES)) {
    test(`${name}, which ${kind}`, { skip }, async (t) => {
      const settings = ['--grace', '4', '--rate', '100', '--json', ...flags];
      const ended = await run(t, ['run', ...settings, '--', ...command()]);
      const { trials } = Result.parse(JSON.parse(ended.stdout));
      assert.deepEqual(trials.map((trial) => trial.variant).sort(), ['control', 'own'], ended.stderr);
      const rollout = trials.find((trial) => trial.variant === 'own') as TrialResult;
      const told = JSON.stringify(rollout);
      assert.ok(rollout.podsReplaced === 3 && rollout.exposed > 200, told);
      assert.equal(rollout.hiddenRetries, null);
      const { causes, breaks } = KINDS[kind];
      const explained = causes.reduce((sum, cause) => sum + rollout.causes[cause], 0);
      assert.equal(explained, rollout.failed, told);
      if (breaks) assert.ok(rollout.failed > 0, told);
      // A machine too busy to keep the schedule makes a result invalid, and no cause another.
      const reasons = trials.flatMap((trial) => trial.invalidReasons);
      assert.deepEqual(
        reasons.filter((reason) => !reason.startsWith('the schedule was not kept')),
        [],
      );
      assert.equal(ended.code, reasons.length > 0 ? 3 : rollout.failed > 0 ? 1 : 0, ended.stderr);
    });
  }
});
