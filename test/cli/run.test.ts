/** `run` end to end, on servers of other projects: the first example in their documentation. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { CauseId } from '../../src/analysis/causes.ts';
import type { TrialResult } from '../../src/analysis/result.ts';
import { canBePid1 } from '../../src/processes/container-process.ts';
import { Result } from '../../src/results/result-file.ts';
import { Trace } from '../../src/trace/trace.ts';
import { findRuntime } from '../../src/trials/runtimes.ts';
import { CAN_SEE_PROCESSES, run, start, until } from './program.ts';

const SERVERS = join(import.meta.dirname, '..', 'own-service', 'servers');
const BUN = findRuntime('bun').command[0] as string;
const DENO = findRuntime('deno').command[0] as string;
const OWN_PORT = canBePid1() ? false : 'pods have no networks of their own here';

const built = mkdtempSync(join(tmpdir(), 'own-servers-'));
after(() => rmSync(built, { recursive: true }));

/**
 * Causes that may be named for a server of that kind. If its rollout breaks requests, at least one of them is named.
 */
const KINDS: Record<'ignores SIGTERM' | 'dies of SIGTERM' | 'closes at once', { causes: CauseId[]; breaks: boolean }> =
  {
    // As PID 1 it keeps serving until SIGKILL, which cuts requests in flight at that moment, if there are any.
    'ignores SIGTERM': { causes: ['no-graceful-shutdown'], breaks: false },
    // Deno does so even as PID 1.
    'dies of SIGTERM': { causes: ['no-graceful-shutdown', 'routing-lag', 'keep-alive-race'], breaks: true },
    // It exits within milliseconds, so requests in flight at that moment are cut rather than refused.
    'closes at once': { causes: ['routing-lag', 'keep-alive-race', 'no-graceful-shutdown'], breaks: true },
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
  'Python http.server with $(PORT)': {
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
      assert.ok(rollout.podsReplaced === 3 && rollout.exposed > 50, told);
      assert.equal(rollout.hiddenRetries, null);
      const { causes, breaks } = KINDS[kind];
      const explained = causes.reduce((sum, cause) => sum + rollout.causes[cause], 0);
      assert.equal(explained, rollout.failed, told);
      if (breaks) assert.ok(rollout.failed > 0, told);
      // If the machine is too busy to keep the schedule, the result is invalid but the causes are the same.
      const reasons = trials.flatMap((trial) => trial.invalidReasons);
      assert.deepEqual(
        reasons.filter((reason) => !reason.startsWith('the schedule was not kept')),
        [],
      );
      assert.equal(ended.code, reasons.length > 0 ? 3 : rollout.failed > 0 ? 1 : 0, ended.stderr);
    });
  }
});

const EXPRESS = ['--', process.execPath, join(SERVERS, 'express.mjs')];
const FASTIFY = ['--', process.execPath, join(SERVERS, 'fastify.mjs')];

describe('a failure is reported in one line:', { concurrency: 2 }, () => {
  const cases: [what: string, args: string[], code: number, stderr: RegExp][] = [
    ['a port that is taken', FASTIFY, 4, /EADDRINUSE.* needs --port N\)\n$/],
    ['a port that is taken, for a server that exits with 0', EXPRESS, 4, /exited \(0\).* needs --port N\)\n$/],
    ['a command that exits', ['--', 'sh', '-c', 'echo no database; exit 3'], 4, /exited \(3\): no database\n$/],
    [
      'a path that does not exist',
      ['--path', '/nowhere', '--grace', '2', '--', process.execPath, join(SERVERS, 'not-found.mjs')],
      2,
      /: GET \/nowhere is answered 404 with no rollout going on: name a path that answers 2xx with --path\n$/,
    ],
    [
      'a preStop hook that is longer than the grace period',
      ['--pre-stop', '9', '--grace', '5', ...EXPRESS],
      2,
      /must be non-negative and less than terminationGracePeriodSeconds \(5\)\n$/,
    ],
    [
      'a flag that conflicts with a manifest',
      ['-f', 'x.yaml', '--replicas', '2'],
      2,
      /cannot be used with option '-f, --file <file>'/,
    ],
  ];
  for (const [what, args, code, stderr] of cases) {
    test(what, async (t) => {
      const ended = await run(t, ['run', '--rate', '20', ...args]);
      assert.match(ended.stderr, stderr);
      assert.equal(ended.code, code, ended.stderr);
    });
  }
});

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  const skip = OWN_PORT || (!CAN_SEE_PROCESSES && 'needs /proc');
  test(`${signal} leaves nothing behind of pods with their own networks`, { skip }, async (t) => {
    const program = start(t, ['run', '--port', '3000', '--rate', '20', ...EXPRESS]);
    const servers = () => program.leftovers().length;
    await until('relays and servers', () => servers() > 12);
    program.child.kill(signal);
    const { code } = await program.ended;
    assert.equal(code, signal === 'SIGKILL' ? null : 130);
    await until('the end of every process', () => servers() === 0);
  });
}

test('--out keeps the results before Ctrl-C, and --overwrite replaces them', { skip: OWN_PORT }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'run-out-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const traces = () => readdirSync(join(dir, 'traces'));
  const result = () => Result.parse(JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8')));
  const flags = ['run', '--rate', '20', '--grace', '2', '--out', dir, '--port', '3000', '--repeat', '3'];
  const program = start(t, [...flags, ...EXPRESS]);
  const whole = (name: string) => name.endsWith('.json');
  await until('the first trace', () => existsSync(join(dir, 'traces')) && traces().some(whole));
  program.child.kill('SIGINT');
  const interrupted = await program.ended;
  assert.equal(interrupted.code, 130, interrupted.stderr);
  const first = result();
  assert.equal(first.run?.kind, 'own-service');
  assert.equal(first.trials.length, traces().length);
  assert.ok(existsSync(join(dir, 'report.html')));

  const refused = await run(t, [...flags, ...EXPRESS]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /^k8s-rollout-test: [^\n]* holds the results of another run \(a run from [^\n]*\n$/);
  writeFileSync(join(dir, 'notes.txt'), 'mine');
  const replaced = await run(t, [...flags.slice(0, -2), '--overwrite', ...EXPRESS]);
  assert.ok([0, 1, 3].includes(replaced.code ?? -1), replaced.stderr);
  assert.notEqual(result().run?.id, first.run?.id);
  assert.deepEqual(traces().sort(), ['control-1.json', 'rollout-1.json']);
  for (const name of traces()) {
    const { trial } = Trace.parse(JSON.parse(readFileSync(join(dir, 'traces', name), 'utf8')));
    assert.equal(trial.run, result().run?.id);
  }
  assert.ok(existsSync(join(dir, 'notes.txt')));
});
