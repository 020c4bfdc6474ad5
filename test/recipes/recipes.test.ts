/** `serve` as a user has it: the packed package, installed without a network; a plain fetch handler; each runtime. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it, type TestContext } from 'node:test';
import { holdPort } from '../../src/processes/ports.ts';
import { findRuntime } from '../../src/trials/runtimes.ts';
import { open, read, send, tryConnect } from '../app/http-client.ts';
import { within } from '../app/within.ts';
import { freshClone, installed, pack } from '../package/packed.ts';

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
  const clone = freshClone();
  after(() => rmSync(clone, { recursive: true }));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module' }));
  installed(project, pack(clone, '@k8s-rollout-test/serve'));
  cpSync(join(import.meta.dirname, 'handler.mjs'), join(project, 'handler.mjs'));
});

function serverText(runtime: string): string {
  const port = runtime === 'deno' ? "Deno.env.get('PORT')" : 'process.env.PORT';
  return `
import { serve } from '@k8s-rollout-test/serve/${runtime}';
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
  describe(`serve of @k8s-rollout-test/serve/${runtime}`, () => {
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

it('the package has what it exports, and the licences of what is in it, and nothing else', () => {
  const folder = join(project, 'node_modules/@k8s-rollout-test/serve');
  const { dependencies, peerDependencies, optionalDependencies } = readJson(join(folder, 'package.json'));
  assert.deepEqual([dependencies, peerDependencies, optionalDependencies], [undefined, undefined, undefined]);
  assert.deepEqual(readdirSync(join(project, 'node_modules/@k8s-rollout-test')), ['serve']);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => !file.includes('types'));
  assert.deepEqual(files.sort(), [
    'LICENSE',
    'README.md',
    'dist',
    'dist/THIRD-PARTY-LICENSES',
    'dist/bun.js',
    'dist/deno.js',
    'dist/node.js',
    'package.json',
  ]);
  assert.equal(readFileSync(join(folder, 'LICENSE'), 'utf8'), readFileSync(join(PROJECT, 'LICENSE'), 'utf8'));
  const licenses = readFileSync(join(folder, 'dist/THIRD-PARTY-LICENSES'), 'utf8');
  assert.match(licenses, /^@hono\/node-server [\d.]+: MIT$/m);
  assert.match(licenses, /Permission is hereby granted/);
});

describe('its types are complete and strict', () => {
  const USES = (runtime: string) => `
    import { serve } from '@k8s-rollout-test/serve/${runtime}';
    const server = serve({ fetch: async (request: Request) => new Response(request.url), drainDelayMs: 2000 });
    server.lifecycle.stopping.addEventListener('abort', () => {});
    // @ts-expect-error: a misspelt option
    serve({ fetch: () => new Response(), drainDelay: 2000 });
    // @ts-expect-error: no response
    serve({ fetch: () => 'hello' });
  `;
  const BUN_TOO = `
    import { serve as serveOnBun } from '@k8s-rollout-test/serve/bun';
    serveOnBun({ fetch: (request, server) => new Response(server.requestIP(request)?.address) });
  `;
  const WEB_SOCKETS = `
    import { upgradeWebSocket } from '@k8s-rollout-test/serve/node';
    import { Hono } from 'hono';
    import { WebSocketServer } from 'ws';
    const app = new Hono<{ Variables: { user: string } }>();
    app.get('/ws', upgradeWebSocket((c) => ({ onMessage: (event, socket) => socket.send(String(event.data) + c.req.url) })));
    serve({ fetch: app.fetch, websocket: { server: new WebSocketServer({ noServer: true }) } });
  `;
  const DOM = ['ES2024', 'DOM', 'DOM.AsyncIterable', 'DOM.Iterable'];
  const BUN = `
    import { serve } from '@k8s-rollout-test/serve/bun';
    interface Data { user: string }
    serve<Data>({
      fetch: (request: Request, server: Bun.Server<Data>) =>
        server.upgrade(request, { data: { user: 'a' } }) ? new Response() : new Response(server.requestIP(request)?.address),
      websocket: { message: (socket, message) => void socket.send(socket.data.user + String(message)) },
    });
    const handler: Bun.WebSocketHandler<Data> = { message(socket, message) { socket.send(message); } };
    serve<Data>({ fetch: () => new Response(), websocket: handler });
  `;
  /** What the user has besides this package: names of types, and packages. */
  const table: [what: string, text: string, types: string[], lib: string[], packages: string[]][] = [
    ['on Node and Bun with no types but those of the browser', `${USES('node')}${BUN_TOO}`, [], DOM, []],
    [
      "on Bun with Bun's types",
      USES('bun') + BUN.replace('serve }', 'serve as start }').replaceAll('serve<', 'start<'),
      ['bun-types'],
      ['ES2024'],
      ['bun-types', '@types/node', 'undici-types'],
    ],
    [
      "on Node with its types, for Hono's WebSockets",
      USES('node') + WEB_SOCKETS,
      ['node'],
      DOM,
      ['hono', 'ws', '@types/ws', '@types/node', 'undici-types'],
    ],
  ];
  for (const [what, text, types, lib, packages] of table) {
    it(what, (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'types-'));
      t.after(() => rmSync(folder, { recursive: true }));
      const modules = join(folder, 'node_modules');
      cpSync(join(project, 'node_modules'), modules, { recursive: true });
      for (const name of packages) {
        cpSync(join(PROJECT, 'node_modules', name), join(modules, name), { recursive: true });
      }
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
      writeFileSync(join(folder, 'server.ts'), text);
      const settings = { module: 'NodeNext', target: 'ES2022', strict: true, noEmit: true, skipLibCheck: false };
      const config = { compilerOptions: { ...settings, lib, types }, files: ['server.ts'] };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
      const compiler = join(PROJECT, 'node_modules/typescript/bin/tsc');
      const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
      assert.deepEqual([status, stdout], [0, '']);
    });
  }

  it('on Deno', () => {
    const [deno = ''] = findRuntime('deno').command;
    writeFileSync(join(project, 'check.ts'), USES('deno'));
    const args = ['check', '--no-remote', '--node-modules-dir=manual', '--no-lock', 'check.ts'];
    const { status, stderr } = spawnSync(deno, args, {
      cwd: project,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    assert.equal(status, 0, stderr);
  });
});

function readJson(file: string) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
