/**
 * How the builtin load keeps its schedule, what it costs, and what others cost: `npm run bench:generator`. Each generator is
 * a process of its own, and its processor time is that of the whole process and its children, start and end included, as
 * the shell counts it. All of them load this project's app on Bun, the fastest of the three, so that the server is not what
 * is measured; a two-core machine has one core for each. Node is the pinned one. k6 and vegeta take part where they are on
 * the PATH (go install go.k6.io/k6@v1.8.1, github.com/tsenart/vegeta/v12@v12.12.0).
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type RequestMix, readRequestMix, scaleRequestMix, totalRate } from '../src/load/request-mix.ts';
import { projectFile } from '../src/project-file.ts';
import { findRuntime } from '../src/trials/runtimes.ts';
import type { GeneratorOutcome, GeneratorRun } from './generator-process.ts';
import { record } from './record.ts';
import { HOST, ourCommand, startServer } from './server.ts';
import { rounded } from './statistics.ts';

const CONNECTIONS = 50;
const BODY = '{"message":"hello"}';
/** The rates at which generators are compared: one trial's, and a high one. */
const HIGH_RATE = 3000;
const SECONDS = 10;
/** Where generators are close to each other, and where a process sends few requests, its start must matter less. */
const HIGH_RATE_SECONDS = 20;
const OWN_RATE_SECONDS = 30;
/** As many loads as `compare` runs at the same time. */
const LOADS_AT_ONCE = 6;

const folder = mkdtempSync(join(tmpdir(), 'bench-generator-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const [node = ''] = findRuntime('node').command;

const ours = readRequestMix(projectFile('workload.json'));
const ownRate = totalRate(ours);
/** The same POST on keep-alive connections, which is what every generator can do. */
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

interface Process {
  generator: string;
  load: string;
  seconds: number;
  /** For the shell. */
  command: string;
  outcome(stdout: string): GeneratorOutcome;
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Runs it, and adds the processor seconds of the finished process and all of its children: the shell's `times`. */
async function measured({ generator, load, seconds, command, outcome }: Process): Promise<object> {
  const out = join(folder, 'stdout');
  const shell = spawn('bash', ['-c', `${command} >${out} 2>/dev/null; times`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let times = '';
  shell.stdout.on('data', (chunk: Buffer) => {
    times += chunk;
  });
  await once(shell, 'close');
  // The second line is of the children: "0m1.234s 0m0.567s".
  const processorSeconds = [...(times.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)]
    .map(([, minutes, rest]) => Number(minutes) * 60 + Number(rest))
    .reduce((sum, value) => sum + value, 0);
  const became = outcome(readFileSync(out, 'utf8'));
  const processorSecondsPer100k = rounded((processorSeconds / became.requests) * 100_000);
  return { generator, load, seconds, ...became, processorSecondsPer100k };
}

/** Node with this project's load, or with bare sockets in its place. */
function ourProcess(generator: string, load: string, run: GeneratorRun): Process {
  const command = `${node} ${bundle} ${quoted(JSON.stringify(run))}`;
  const outcome = (stdout: string) => JSON.parse(stdout) as GeneratorOutcome;
  return { generator, load, seconds: run.seconds, command, outcome };
}

function autocannon(rate: number, seconds: number): Process {
  const script = projectFile('node_modules/autocannon/autocannon.js');
  return {
    generator: 'autocannon',
    load: `${rate}/s, keep-alive`,
    seconds,
    command: `${node} ${script} -j -R ${rate} -c ${CONNECTIONS} -d ${seconds} -m POST -H content-type=application/json -b '${BODY}' ${url}/`,
    outcome: (stdout) => ({ requests: (JSON.parse(stdout) as { requests: { total: number } }).requests.total }),
  };
}

function vegeta(rate: number, seconds: number): Process {
  const results = join(folder, 'vegeta.bin');
  writeFileSync(join(folder, 'body'), BODY);
  return {
    generator: 'vegeta',
    load: `${rate}/s, keep-alive`,
    seconds,
    command: `echo 'POST ${url}/' | vegeta attack -rate ${rate} -duration ${seconds}s -body ${join(folder, 'body')} -connections ${CONNECTIONS} -max-connections ${CONNECTIONS} -output ${results}`,
    outcome() {
      const { stdout } = spawnSync('vegeta', ['report', '-type', 'json', results]);
      return { requests: (JSON.parse(stdout.toString()) as { requests: number }).requests };
    },
  };
}

function k6(load: string, requestMix: RequestMix, seconds: number): Process {
  const [workload, summary] = [join(folder, 'workload.json'), join(folder, 'summary.json')];
  writeFileSync(workload, JSON.stringify(requestMix));
  return {
    generator: 'k6 (loadtest.js)',
    load,
    seconds,
    command: `k6 run --quiet -e URL=${url} -e DURATION=${seconds}s -e WORKLOAD=${workload} --summary-export ${summary} ${projectFile('loadtest.js')}`,
    outcome: () => ({ requests: totalRate(requestMix) * seconds }),
  };
}

function present(command: string): boolean {
  const found = spawnSync(command, ['version'], { stdio: 'ignore' }).error === undefined;
  if (!found) process.stderr.write(`${command} is not on the PATH: left out\n`);
  return found;
}

const bundle = join(projectFile('dist'), 'bench/generator-process.mjs');
await build({
  entryPoints: [projectFile('bench/generator-process.ts')],
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
});
const server = await startServer(ourCommand('bun'), { SHUTDOWN: 'drain' });
const { port } = server;
const url = `http://${HOST}:${port}`;
const [hasVegeta, hasK6] = [present('vegeta'), present('k6')];
const own = `${ownRate}/s, as workload.json`;
const builtin = (load: string, requestMix: RequestMix, seconds: number, loads = 1) =>
  ourProcess('builtin', load, { port, requestMix, seconds, loads });
const bare = (load: string, requestMix: RequestMix, seconds: number) =>
  ourProcess('bare sockets, answers unread', load, { port, requestMix, seconds, loads: 0 });
const high = keepAlive(HIGH_RATE);

const rows: object[] = [];
const run = async (process: Process) => rows.push(await measured(process));
await run(builtin(`${LOADS_AT_ONCE} loads at once, each ${own}`, ours, SECONDS, LOADS_AT_ONCE));
await run(builtin(own, ours, OWN_RATE_SECONDS));
await run(bare(own, ours, SECONDS));
await run(autocannon(ownRate, SECONDS));
if (hasVegeta) await run(vegeta(ownRate, SECONDS));
if (hasK6) await run(k6(own, ours, SECONDS));
await run(builtin('2000/s, as workload.json', scaleRequestMix(ours, 2000), SECONDS));
const highRate = `${HIGH_RATE}/s, keep-alive`;
await run(builtin(highRate, high, HIGH_RATE_SECONDS));
await run(bare(highRate, high, HIGH_RATE_SECONDS));
await run(autocannon(HIGH_RATE, HIGH_RATE_SECONDS));
if (hasVegeta) await run(vegeta(HIGH_RATE, HIGH_RATE_SECONDS));
if (hasK6) await run(k6(highRate, high, HIGH_RATE_SECONDS));
await server.kill();
record('generator', rows, { connections: CONNECTIONS });
