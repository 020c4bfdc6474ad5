/**
 * How the builtin load keeps its schedule, what it costs, and what others cost: `npm run bench:generator`. Everything loads
 * this project's app on Bun, the fastest of the three, so that the server is not what is measured; a two-core machine has
 * one core for each. k6 and vegeta take part where they are on the PATH (go install go.k6.io/k6@v1.8.1,
 * github.com/tsenart/vegeta/v12@v12.12.0).
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { builtinLoad } from '../src/load/builtin/builtin.ts';
import { type RequestMix, readRequestMix, scaleRequestMix } from '../src/load/request-mix.ts';
import { projectFile } from '../src/project-file.ts';
import { startClock } from '../src/trace/clock.ts';
import { decodeHistogram, percentileMs } from '../src/trace/histogram.ts';
import { bareSockets } from './bare-sockets.ts';
import { record } from './record.ts';
import { type BenchServer, HOST, ourCommand, startServer } from './server.ts';
import { rounded } from './statistics.ts';

const SECONDS = 10;
const CONNECTIONS = 50;
const BODY = '{"message":"hello"}';
/** The rate at which generators are compared. */
const COMPARED_RATE = 3000;

const folder = mkdtempSync(join(tmpdir(), 'bench-generator-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** The same POST on kept connections, which is what every generator can do. */
const keepAlive = (ratePerSecond: number): RequestMix => ({
  format: 'k8s-rollout-test/workload/1',
  scenarios: [
    {
      name: 'keep-alive',
      method: 'POST',
      path: '/',
      body: BODY,
      connection: 'keep-alive',
      ratePerSecond,
      connections: CONNECTIONS,
      timeoutMs: 5000,
    },
  ],
});

async function builtin(server: BenchServer, requestMix: RequestMix, what: string) {
  const running = await builtinLoad.start({
    requestMix,
    target: { kind: 'url', url: `http://${HOST}:${server.port}` },
    clock: startClock(),
    seed: 1,
    maxDurationMs: 60_000,
    signal: AbortSignal.timeout(60_000),
  });
  const before = process.cpuUsage();
  await delay(SECONDS * 1000);
  const { user, system } = process.cpuUsage(before);
  const { record } = await running.stop();
  const lateness = decodeHistogram(record.lateness ?? '');
  return {
    generator: 'builtin',
    load: what,
    requests: record.plannedRequests,
    missing: record.droppedRequests + record.failures.length,
    lateP50Ms: rounded(percentileMs(lateness, 50)),
    lateP99Ms: rounded(percentileMs(lateness, 99)),
    processorSecondsPer100k: rounded(((user + system) / 1e6 / record.plannedRequests) * 100_000),
  };
}

/** What a constant arrival rate costs in Node before a generator does anything else. */
async function floor({ port }: BenchServer) {
  const load = {
    host: HOST,
    port,
    ratePerSecond: COMPARED_RATE,
    connections: CONNECTIONS,
    seconds: SECONDS,
    body: BODY,
  };
  const { processorSeconds, requests } = await bareSockets(load);
  return {
    generator: 'bare sockets, answers unread',
    load: `${COMPARED_RATE}/s, kept`,
    requests,
    processorSecondsPer100k: rounded((processorSeconds / requests) * 100_000),
  };
}

/** Processor seconds of a finished child and all of its own, by the shell's `times`. */
async function other(name: string, command: string, requests: () => number) {
  const child: ChildProcess = spawn('bash', ['-c', `${command} >/dev/null 2>&1; times`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  await once(child, 'close');
  // The second line is of the children: "0m1.234s 0m0.567s".
  const seconds = [...(output.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)]
    .map(([, minutes, rest]) => Number(minutes) * 60 + Number(rest))
    .reduce((sum, value) => sum + value, 0);
  const count = requests();
  return {
    generator: name,
    load: `${COMPARED_RATE}/s, kept`,
    requests: count,
    missing: COMPARED_RATE * SECONDS - count,
    processorSecondsPer100k: rounded((seconds / count) * 100_000),
  };
}

function others(server: BenchServer) {
  const url = `http://${HOST}:${server.port}/`;
  const out = join(folder, 'out');
  const present = (command: string) => spawnSync(command, ['version'], { stdio: 'ignore' }).error === undefined;
  const autocannon = projectFile('node_modules/autocannon/autocannon.js');
  const runs = [
    () =>
      other(
        'autocannon',
        `${process.execPath} ${autocannon} -j -R ${COMPARED_RATE} -c ${CONNECTIONS} -d ${SECONDS} -m POST -H content-type=application/json -b '${BODY}' ${url} >${out}; true`,
        () => (JSON.parse(readFileSync(out, 'utf8')) as { requests: { total: number } }).requests.total,
      ),
  ];
  if (present('vegeta')) {
    writeFileSync(join(folder, 'body'), BODY);
    const attack = `vegeta attack -rate ${COMPARED_RATE} -duration ${SECONDS}s -body ${join(folder, 'body')} -connections ${CONNECTIONS} -max-connections ${CONNECTIONS}`;
    runs.push(() =>
      other('vegeta', `echo 'POST ${url}' | ${attack} >${out}.bin; true`, () => {
        const { stdout } = spawnSync('vegeta', ['report', '-type', 'json', `${out}.bin`]);
        return (JSON.parse(stdout.toString()) as { requests: number }).requests;
      }),
    );
  } else process.stderr.write('vegeta is not on the PATH: left out\n');
  if (present('k6')) {
    writeFileSync(join(folder, 'workload.json'), JSON.stringify(keepAlive(COMPARED_RATE)));
    runs.push(() =>
      other(
        'k6 (loadtest.js)',
        `k6 run --quiet -e URL=${url.slice(0, -1)} -e DURATION=${SECONDS}s -e WORKLOAD=${join(folder, 'workload.json')} --summary-export ${out}.k6 ${projectFile('loadtest.js')}; true`,
        () => COMPARED_RATE * SECONDS,
      ),
    );
  } else process.stderr.write('k6 is not on the PATH: left out\n');
  return runs;
}

const server = await startServer(ourCommand('bun'), { SHUTDOWN: 'drain' });
const rows: object[] = [];
const ours = readRequestMix(projectFile('workload.json'));
for (const rate of [420, 1000, 2000])
  rows.push(await builtin(server, scaleRequestMix(ours, rate), `${rate}/s, as workload.json`));
for (const rate of [COMPARED_RATE, 6000, 12_000, 20_000])
  rows.push(await builtin(server, keepAlive(rate), `${rate}/s, kept`));
rows.push(await floor(server));
for (const run of others(server)) rows.push(await run());
await server.kill();
record('generator', rows, { secondsEach: SECONDS, connections: CONNECTIONS });
