/** One suite for all three servers as deployed: real processes, sockets and signals. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { after, afterEach, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import WebSocket from 'ws';
import { open, type Reply, read, send, tryConnect } from './http-client.ts';
import { type LogLine, ServerProcess } from './server-process.ts';
import { within } from './within.ts';

/** In Deno 2.9, a handler can no longer read the request body once shutdown() is called (BadResource). */
const HALF_UPLOAD_STATUS = { node: 200, bun: 200, deno: 500 };

const DRAIN_LOG = ['listening', 'sigterm', 'draining', 'stopped', 'exit'];

for (const runtime of ['node', 'bun', 'deno'] as const) {
  describe(`server on ${runtime}`, () => {
    const servers: ServerProcess[] = [];
    const keepAlive = new Agent({ keepAlive: true, maxSockets: 1 });
    const killAll = () => Promise.all(servers.splice(0).map((server) => server.kill()));
    afterEach(killAll);
    after(killAll);
    after(() => keepAlive.destroy());

    async function start(env: Record<string, string>): Promise<ServerProcess> {
      const server = await ServerProcess.start(runtime, env);
      servers.push(server);
      return server;
    }

    async function serving(env: Record<string, string>): Promise<ServerProcess> {
      const server = await start(env);
      await server.event('listening');
      return server;
    }

    it('logs that it listens: the address, the time and the runtime', async () => {
      const server = await serving({});
      const { port, pod, runtime: name, runtimeVersion, wallMs, monoMs } = await server.event('listening');
      assert.deepEqual({ port, pod, name }, { port: server.port, pod: 'pod-1', name: runtime });
      assert.match(String(runtimeVersion), /^\d+\.\d+\.\d+$/);
      assert.ok(Math.abs(wallMs - Date.now()) < 2000, `wallMs is ${wallMs - Date.now()} ms off`);
      assert.ok(monoMs > 0 && monoMs < 5000);
      const { headers, status } = await send({ port: server.port, path: '/', method: 'POST', body: 'hello' });
      assert.deepEqual([status, headers['x-pod-name'], headers['x-pod-state']], [200, 'pod-1', 'ready']);
      assert.deepEqual(server.otherOutput, []);
    });

    it('keeps serving during the drain delay, then refuses connections, and finishes requests in flight', async () => {
      const server = await serving({ SHUTDOWN: 'drain', DRAIN_DELAY_MS: '300' });
      const { port } = server;
      const slow = await inFlight(server, '/delay/800', send({ port, path: '/delay/800', method: 'POST', body: 'x' }));
      assert.equal((await send({ port, path: '/', agent: keepAlive })).headers.connection === 'close', false);

      server.signal('SIGTERM');
      await server.event('draining');
      const ready = await send({ port, path: '/readyz' });
      const kept = await send({ port, path: '/', agent: keepAlive });
      assert.deepEqual([ready.status, ready.headers['x-pod-state']], [503, 'draining']);
      assert.deepEqual([kept.status, kept.headers.connection], [200, 'close']);
      assert.deepEqual(server.events, DRAIN_LOG.slice(0, 3), 'all that happened before the listener closed');

      const stopped = await server.event('stopped');
      assert.equal(await tryConnect(port), 'ECONNREFUSED');
      const reply = await slow.reply;
      assert.deepEqual([reply.status, reply.complete, reply.headers['x-pod-state']], [200, true, 'stopped']);
      assert.deepEqual(await server.exit(), { code: 0, signal: null });
      assert.deepEqual(server.events, DRAIN_LOG);
      const draining = await server.event('draining');
      assert.ok(stopped.monoMs - draining.monoMs >= 299, 'the whole drain delay');
      assertTimesRise(server.log);
      const exit = await server.event('exit');
      assert.deepEqual([exit.code, exit.repeatedIds, exit.cut], [0, 0, undefined]);
      assert.ok(Number(exit.handled) >= 4);
    });

    it('drains on SIGINT too, and at once if it is idle', async () => {
      const server = await serving({ SHUTDOWN: 'drain' });
      await send({ port: server.port, path: '/', agent: keepAlive }); // an idle connection must not delay it
      server.signal('SIGINT');
      assert.deepEqual(await server.exit(), { code: 0, signal: null });
      assert.deepEqual(server.events, DRAIN_LOG);
      const [sigterm, exit] = [await server.event('sigterm'), await server.event('exit')];
      assert.equal(sigterm.signal, 'SIGINT');
      assert.ok(exit.monoMs - sigterm.monoMs < 500, `took ${exit.monoMs - sigterm.monoMs} ms`);
    });

    it('is not delayed by a connection on which nothing was sent', async () => {
      const server = await serving({ SHUTDOWN: 'drain', SHUTDOWN_DEADLINE_MS: '3000' });
      const socket = connect(server.port, '127.0.0.1');
      await within(2000, 'connection', once(socket, 'connect'));
      // With Bun, the kernel holds back such a connection for a second (TCP_DEFER_ACCEPT) before the server gets it.
      await setTimeout(1200);
      server.signal('SIGTERM');
      assert.deepEqual(await server.exit(), { code: 0, signal: null });
      socket.destroy();
    });

    it(`answers a half-sent upload with ${HALF_UPLOAD_STATUS[runtime]}`, async () => {
      const server = await serving({ SHUTDOWN: 'drain' });
      const upload = request({ host: '127.0.0.1', port: server.port, path: '/upload', method: 'POST', agent: false });
      const responded = within(4000, 'response to the upload', once(upload, 'response'));
      upload.setHeader('content-length', 10);
      upload.write('hello');
      const { reply } = await inFlight(server, '/upload', responded);
      server.signal('SIGTERM');
      await server.event('stopped');
      upload.end('hello');
      const [response] = await reply;
      assert.equal(response.statusCode, HALF_UPLOAD_STATUS[runtime]);
      response.resume();
      assert.deepEqual(await server.exit(), { code: 0, signal: null });
    });

    it('ignores further signals', async () => {
      const server = await serving({ SHUTDOWN: 'drain' });
      const { port } = server;
      const slow = await inFlight(server, '/delay/400', send({ port, path: '/delay/400' }));
      server.signal('SIGTERM');
      await server.event('stopped');
      server.signal('SIGTERM');
      await server.event('signal-ignored');
      server.signal('SIGINT');
      const reply = await slow.reply;
      assert.deepEqual([reply.status, reply.complete], [200, true]);
      assert.deepEqual(await server.exit(), { code: 0, signal: null });
    });

    it('ends event streams, and WebSockets with 1001, when it has stopped listening', async () => {
      const server = await serving({ SHUTDOWN: 'drain' });
      const { port } = server;
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
      await within(2000, 'WebSocket open', once(socket, 'open'));
      const echoed = within(2000, 'echo', once(socket, 'message'));
      socket.send('hello');
      assert.equal(String((await echoed)[0]), 'hello');
      const events = await open({ port, path: '/events' });
      await within(2000, 'first event', once(events, 'readable'));
      const streamed = await open({ port, path: '/stream?chunks=3&intervalMs=50' });

      const closed = within(3000, 'WebSocket close', once(socket, 'close'));
      const ended = read(events);
      server.signal('SIGTERM');
      assert.equal((await closed)[0], 1001);
      assert.equal((await ended).complete, true);
      const stream = await read(streamed);
      assert.deepEqual([stream.complete, stream.body.split('\n').length], [true, 4]);
      assert.deepEqual(await server.exit(), { code: 0, signal: null });
      assert.equal((await server.event('exit')).cut, undefined);
    });

    it('counts event streams and WebSockets as done when their clients disconnect', async () => {
      const server = await serving({});
      const { port } = server;
      const events = await open({ port, path: '/events' });
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
      await within(2000, 'WebSocket open', once(socket, 'open'));
      await metric(server, 'http_event_streams_open', 1);
      await metric(server, 'web_sockets_open', 1);
      events.destroy();
      socket.close();
      await metric(server, 'http_event_streams_open', 0);
      await metric(server, 'web_sockets_open', 0);
    });

    it('gives up at the deadline with exit code 1 and logs what was cut', async () => {
      const server = await serving({ SHUTDOWN: 'drain', SHUTDOWN_DEADLINE_MS: '300' });
      const { port } = server;
      const slow = await inFlight(server, '/delay/60000', outcome(send({ port, path: '/delay/60000' })));
      server.signal('SIGTERM');
      assert.deepEqual(await server.exit(), { code: 1, signal: null });
      assert.equal(await slow.reply, 'broken');
      const { code, reason, deadlineMs, cut, monoMs } = await server.event('exit');
      assert.deepEqual([code, reason, deadlineMs], [1, 'deadline', 300]);
      assert.deepEqual(cut, { requests: 1, streams: 0, eventStreams: 0, webSockets: 0 });
      const took = monoMs - (await server.event('sigterm')).monoMs;
      assert.ok(took >= 299 && took < 800, `took ${took} ms`);
    });

    it('SHUTDOWN=exit exits at once and cuts requests', async () => {
      const server = await serving({ SHUTDOWN: 'exit' });
      const { port } = server;
      const slow = await inFlight(server, '/delay/5000', outcome(send({ port, path: '/delay/5000' })));
      server.signal('SIGTERM');
      assert.deepEqual(await server.exit(), { code: 0, signal: null });
      assert.equal(await slow.reply, 'broken');
      assert.deepEqual(server.events, ['listening', 'sigterm', 'exit']);
      assert.deepEqual((await server.event('exit')).cut, { requests: 1, streams: 0, eventStreams: 0, webSockets: 0 });
    });

    it('SHUTDOWN=close stops listening at once, without Connection: close', async () => {
      const server = await serving({ SHUTDOWN: 'close' });
      const { port } = server;
      const slow = await inFlight(server, '/delay/400', send({ port, path: '/delay/400' }));
      server.signal('SIGTERM');
      await server.event('stopped');
      assert.equal(await tryConnect(port), 'ECONNREFUSED');
      const reply = await slow.reply;
      assert.deepEqual([reply.status, reply.complete, reply.headers['x-pod-state']], [200, true, 'ready']);
      assert.deepEqual(await server.exit(), { code: 0, signal: null });
      assert.deepEqual(server.events, ['listening', 'sigterm', 'stopped', 'exit']);
    });

    it('SHUTDOWN=none does not handle the signal', async () => {
      const server = await serving({ SHUTDOWN: 'none' });
      server.signal('SIGTERM');
      assert.deepEqual(await server.exit(), { code: null, signal: 'SIGTERM' });
      assert.deepEqual(server.events, ['listening']);
    });

    it('refuses a bad setting with one line and exit code 2', async () => {
      const server = await start({ SHUTDOWN: 'gracefully' });
      assert.deepEqual(await server.exit(), { code: 2, signal: null });
      assert.deepEqual(server.events, ['settings-error']);
      assert.match(String(server.log[0]?.message), /^SHUTDOWN="gracefully" must be one of /);
      assert.deepEqual(server.otherOutput, []);
    });

    it('logs one line if its port is taken, exit code 1', async () => {
      const first = await serving({});
      const second = await start({ PORT: String(first.port) });
      assert.deepEqual(await second.exit(), { code: 1, signal: null });
      assert.deepEqual(second.events, ['listen-error']);
      assert.match(String(second.log[0]?.message), new RegExp(`^cannot listen on 127\\.0\\.0\\.1:${first.port}: .`));
      assert.deepEqual(second.otherOutput, []);
    });
  });
}

/** Waits until the server works on the pending request. The reply is wrapped so that it is not awaited here. */
async function inFlight<T>(server: ServerProcess, path: string, reply: Promise<T>): Promise<{ reply: Promise<T> }> {
  await within(3000, `${path} in flight`, Promise.race([metric(server, 'http_requests_in_flight', 2), reply]));
  return { reply };
}

/** Polls /metrics until a metric has that value. */
async function metric(server: ServerProcess, name: string, value: number): Promise<void> {
  let lines: string[] = [];
  const reached = async () => {
    while (!lines.includes(`${name} ${value}`)) {
      lines = (await send({ port: server.port, path: '/metrics' })).body.split('\n');
    }
  };
  await within(3000, `${name} ${value}`, reached());
}

async function outcome(reply: Promise<Reply>): Promise<'complete' | 'broken'> {
  return reply.then(
    ({ complete }) => (complete ? 'complete' : 'broken'),
    () => 'broken',
  );
}

function assertTimesRise(log: LogLine[]): void {
  for (const [index, line] of log.entries()) {
    const previous = log[index - 1];
    if (previous) assert.ok(line.monoMs >= previous.monoMs && line.wallMs >= previous.wallMs, `time of ${line.event}`);
  }
}
