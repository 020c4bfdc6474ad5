/** k6 does not outlive the program, however the program ends. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { within } from '../app/within.ts';
import { FaultyServer } from './faulty-server.ts';

/** Loads the URL until it is killed. */
const LOADS = `
import { k6Load } from './src/load/k6/k6.ts';
import { startClock } from './src/trace/clock.ts';
const scenario = { name: 'any', method: 'GET', path: '/', connection: 'fresh', ratePerSecond: 20, connections: 2, timeoutMs: 1000 };
await k6Load.start({
  requestMix: { format: 'k8s-rollout-test/workload/1', scenarios: [scenario] },
  target: { kind: 'url', url: process.argv[1] },
  clock: startClock(),
  seed: 1,
  maxDurationMs: 60_000,
  signal: new AbortController().signal,
});
console.log('started');
`;

function hasK6(): boolean {
  try {
    execFileSync('k6', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Processes with this text in their arguments. */
function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      const [program, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return program?.endsWith('k6') === true && args.some((arg) => arg.includes(text));
    } catch {
      return false; // it has ended
    }
  });
}

const skip = process.platform !== 'linux' ? 'reads /proc' : hasK6() ? false : 'k6 is not on the PATH';

test('k6 and its files end with a program that is killed', { skip }, async (t) => {
  const server = new FaultyServer();
  const url = await server.listen();
  t.after(() => server.close().catch(() => {}));
  const folder = mkdtempSync(join(tmpdir(), 'k6-warden-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = () => readdirSync(folder).filter((name) => name.startsWith('k8s-rollout-test-'));
  const program = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', LOADS, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  });
  t.after(() => program.kill('SIGKILL'));
  await within(20_000, 'the first request', once(program.stdout, 'data'));
  assert.equal(processesWith(`URL=${url}`).length, 1);
  assert.equal(files().length, 1);
  program.kill('SIGKILL');
  await once(program, 'exit');
  const gone = async () => {
    while (processesWith(`URL=${url}`).length + files().length > 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await within(5000, "k6's end", gone());
});
