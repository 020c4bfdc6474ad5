/** Reserved ports: by this process, by another, and until when. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { holdPort } from '../../src/processes/ports.ts';

const MODULE = fileURLToPath(new URL('../../src/processes/ports.ts', import.meta.url));

const HOLD_ONE = `
  const { holdPort } = await import(process.argv[1]);
  console.log((await holdPort(JSON.parse(process.argv[2]))).port);
  setInterval(() => {}, 1000);
`;

describe('a reserved port', () => {
  test('is given out once and lies below the ephemeral ports', async (t) => {
    const held = await Promise.all(Array.from({ length: 50 }, () => holdPort()));
    t.after(() => {
      for (const { release } of held) release();
    });
    const ports = held.map(({ port }) => port);
    assert.equal(new Set(ports).size, 50);
    assert.ok(ports.every((port) => port >= 20_000 && port < 32_768));
  });

  test('can be listened on', async (t) => {
    const { port, release } = await holdPort();
    t.after(release);
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
  });

  test('is not given to another process before something listens on it, and is free again after a SIGKILL', async (t) => {
    const range = { first: 19_100, last: 19_104 };
    const holder = spawn(process.execPath, ['--import', 'tsx', '-e', HOLD_ONE, MODULE, JSON.stringify(range)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => holder.kill('SIGKILL'));
    const [line] = await once(holder.stdout, 'data');
    const theirs = Number(line);

    const ours = await Promise.all(Array.from({ length: 4 }, () => holdPort(range)));
    t.after(() => {
      for (const { release } of ours) release();
    });
    assert.ok(ours.every(({ port }) => port !== theirs));
    await assert.rejects(holdPort(range), /no free port between 19100 and 19104/);

    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const last = await holdPort(range);
    t.after(last.release);
    assert.equal(last.port, theirs);
  });

  test('is a port on which nothing listens at any address', async (t) => {
    const range = { first: 19_110, last: 19_111 };
    const other = createServer().listen(range.first, '0.0.0.0');
    await once(other, 'listening');
    t.after(() => other.close());
    const held = await holdPort(range);
    t.after(held.release);
    assert.equal(held.port, range.last);
  });
});
