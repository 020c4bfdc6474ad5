/**
 * How well the builtin load keeps its schedule, and what it costs: `npm run bench:generator`. It loads this project's app
 * on Bun, the fastest of the three, so that the server is not what is measured; a two-core machine has one core for each.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { builtinLoad } from '../src/load/builtin/builtin.ts';
import { decodeHistogram, percentileMs } from '../src/load/histogram.ts';
import { readWorkload, scaleWorkload } from '../src/load/workload.ts';
import { holdPort } from '../src/ports.ts';
import { projectFile } from '../src/project-file.ts';
import { findRuntime } from '../src/runtimes.ts';
import { startClock } from '../src/trace/clock.ts';

const RATES = [420, 1000, 2000, 3000];
const SECONDS = 10;
const HOST = '127.0.0.1';

const { port } = await holdPort();
const [binary = '', ...args] = findRuntime('bun').command;
const server = spawn(binary, args, { env: { PORT: String(port), HOST }, stdio: ['ignore', 'pipe', 'inherit'] });
process.on('exit', () => server.kill('SIGKILL'));
await once(server.stdout, 'data');

const rows = [];
for (const rate of RATES) {
  const before = process.cpuUsage();
  const running = await builtinLoad.start({
    workload: scaleWorkload(readWorkload(projectFile('workload.json')), rate),
    target: { kind: 'url', url: `http://${HOST}:${port}` },
    clock: startClock(),
    seed: 1,
    maxDurationMs: 60_000,
    signal: AbortSignal.timeout(60_000),
  });
  await delay(SECONDS * 1000);
  const { user, system } = process.cpuUsage(before);
  const { record } = await running.stop();
  const lateness = decodeHistogram(record.lateness ?? '');
  rows.push({
    ratePerSecond: rate,
    requests: record.plannedRequests,
    dropped: record.droppedRequests,
    failed: record.failures.length,
    lateP50Ms: percentileMs(lateness, 50),
    lateP99Ms: percentileMs(lateness, 99),
    cores: Number(((user + system) / 1e6 / SECONDS).toFixed(2)),
  });
}
server.kill('SIGKILL');
console.table(rows);
const machine = { cpu: cpus()[0]?.model ?? '', cores: availableParallelism(), node: process.versions.node };
mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
writeFileSync(join(import.meta.dirname, 'results/generator.json'), `${JSON.stringify({ machine, rows }, null, 2)}\n`);
