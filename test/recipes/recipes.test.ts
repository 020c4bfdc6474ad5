/** The exported recipe as a user has it: an installed package, a plain fetch handler, each runtime. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it, type TestContext } from 'node:test';
import { holdPort } from '../../src/processes/ports.ts';
import { findRuntime } from '../../src/trials/runtimes.ts';
import { open, read, send, tryConnect } from '../app/http-client.ts';
import { within } from '../app/within.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const RUN_ARGS = {
  node: [],
  bun: [],
  deno: [
    'run',
    '--no-prompt',
    '--no-lock',
    '--node-modules-dir=manual',
    '--allow-net',
    '--allow-env=PORT',
    '--allow-read=.',
  ],
};

/** A project of somebody else's that has this package installed. */
const project = mkdtempSync(join(tmpdir(), 'recipes-'));
after(() => rmSync(project, { recursive: true }));

before(() => {
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(PROJECT, join(project, 'node_modules/k8s-rollout-test'), 'dir');
  const manifest = { type: 'module', dependencies: { 'k8s-rollout-test': '*' } };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  cpSync(join(import.meta.dirname, 'handler.mjs'), join(project, 'handler.mjs'));
});

function serverText(runtime: string): string {
  const port = runtime === 'deno' ? "Deno.env.get('PORT')" : 'process.env.PORT';
  return `
import { serve } from 'k8s-rollout-test/${runtime}';
import { events, fetch } from './handler.mjs';
const server = serve({
  fetch: (request) => request.url.endsWith('/events') ? events(server.lifecycle.stopping) : fetch(request),
  port: Number(${port}),
  hostname: '127.0.0.1',
  drainDelayMs: 400,
  readinessPath: '/ready',
  log: (event, fields) => console.log(JSON.stringify({ event, ...fields })),
});
`;
}

async function start(t: TestContext, runtime: keyof typeof RUN_ARGS, text = serverText(runtime)) {
  const file = join(project, `${runtime}.mjs`);
  writeFileSync(file, text);
  const port = (await holdPort()).port;
  const [binary = ''] = findRuntime(runtime).command;
  const child = spawn(binary, [...RUN_ARGS[runtime], file], {
    cwd: project,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  return { child, port, event: events(child) };
}

/** Resolves with the first log line of that event, past or to come. */
function events(child: ChildProcess): (name: string) => Promise<Record<string, unknown>> {
  const lines: Record<string, unknown>[] = [];
  const waiting: (() => void)[] = [];
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(JSON.parse(line));
      for (const look of waiting) look();
    });
  }
  return (name) => {
    const coming = new Promise<Record<string, unknown>>((resolve) => {
      const look = () => {
        const found = lines.find(({ event }) => event === name);
        if (found) resolve(found);
      };
      waiting.push(look);
      look();
    });
    return within(10_000, `log event "${name}"`, coming);
  };
}

for (const runtime of ['node', 'bun', 'deno'] as const) {
  describe(`serve of k8s-rollout-test/${runtime}`, () => {
    it('serves, drains on SIGTERM, finishes what it has and exits with 0', async (t) => {
      const { child, port, event } = await start(t, runtime);
      await event('listening');
      const keepAlive = new Agent({ keepAlive: true, maxSockets: 1 });
      t.after(() => keepAlive.destroy());
      const before = await send({ port, path: '/', agent: keepAlive });
      assert.deepEqual([before.status, before.body, before.headers.connection === 'close'], [200, 'hello', false]);
      assert.deepEqual((await send({ port, path: '/ready' })).status, 200);
      const slow = send({ port, path: '/slow' });
      const stream = await open({ port, path: '/events' });
      const ended = read(stream);

      const exited = within(10_000, 'exit', once(child, 'exit'));
      child.kill('SIGTERM');
      await event('draining');
      const ready = await send({ port, path: '/ready' });
      assert.deepEqual([ready.status, JSON.parse(ready.body)], [503, { state: 'draining' }]);
      const kept = await send({ port, path: '/', agent: keepAlive });
      assert.deepEqual([kept.status, kept.headers.connection], [200, 'close']);
      const redirect = await send({ port, path: '/redirect' });
      // Deno adds its own where the client asked for it as well: "close, close".
      assert.match(`${redirect.status} ${redirect.headers.connection}`, /^302 close/);

      await event('stopped');
      assert.equal(await tryConnect(port), 'ECONNREFUSED');
      assert.deepEqual([(await slow).complete, (await slow).body], [true, 'slow']);
      assert.equal((await ended).complete, true);
      assert.deepEqual(await exited, [0, null]);
      assert.equal((await event('exit')).cut, undefined);
    });
  });
}

describe('the code of docs/recipes', () => {
  for (const runtime of ['node', 'bun', 'deno'] as const) {
    it(`${runtime}.md runs, and ends in order`, async (t) => {
      const page = readFileSync(join(PROJECT, `docs/recipes/${runtime}.md`), 'utf8');
      const { child, port, event } = await start(t, runtime, /```js\n(.*?)```/s.exec(page)?.[1] ?? '');
      await event('listening');
      assert.deepEqual((await send({ port, path: '/readyz' })).status, 200);
      assert.equal((await send({ port, path: '/' })).body, 'hello');
      const exited = within(10_000, 'exit', once(child, 'exit'));
      child.kill('SIGTERM');
      await event('draining');
      assert.equal((await send({ port, path: '/readyz' })).status, 503);
      assert.deepEqual(await exited, [0, null]);
    });
  }
});

it('their types are those of this package, and strict', () => {
  execFileSync('npm', ['run', '-s', 'build:types'], { cwd: PROJECT });
  for (const runtime of ['node', 'bun', 'deno']) {
    writeFileSync(
      join(project, `${runtime}.ts`),
      `import { serve } from 'k8s-rollout-test/${runtime}';
       const server = serve({ fetch: async (request: Request) => new Response(request.url), drainDelayMs: 2000 });
       server.lifecycle.stopping.addEventListener('abort', () => {});
       // @ts-expect-error: a misspelt option
       serve({ fetch: () => new Response(), drainDelay: 2000 });
       // @ts-expect-error: no response
       serve({ fetch: () => 'hello' });
      `,
    );
  }
  const settings = { module: 'NodeNext', strict: true, noEmit: true, skipLibCheck: true, lib: ['ES2024', 'DOM'] };
  const config = { compilerOptions: { ...settings, types: [] }, files: ['node.ts', 'bun.ts', 'deno.ts'] };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
  execFileSync(process.execPath, [join(PROJECT, 'node_modules/typescript/bin/tsc'), '-p', project], { stdio: 'pipe' });
});
