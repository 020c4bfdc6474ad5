/**
 * What the app costs beside the bare runtime with Hono: `npm run bench:app-cost`. Both answer GET / with a line of JSON;
 * the app also counts, names its pod and remembers the request's id. Pairs alternate in one run, so that what else the
 * machine does hits both alike.
 */
import autocannon from 'autocannon';
import { RUNTIMES } from '../src/manifests/overlays.ts';
import { record } from './record.ts';
import { HOST, ourCommand, scriptCommand, startServer } from './server.ts';
import { median, rounded } from './statistics.ts';

const PAIRS = 7;
const SECONDS = 4;
const CONNECTIONS = 32;

interface Measured {
  requestsPerSecond: number;
  p99Ms: number;
}

async function measured(command: readonly string[]): Promise<Measured> {
  const server = await startServer(command, { SHUTDOWN: 'drain' });
  try {
    const url = `http://${HOST}:${server.port}/`;
    await autocannon({ url, connections: CONNECTIONS, duration: 1 }); // warm
    const { requests, latency, errors, non2xx } = await autocannon({
      url,
      connections: CONNECTIONS,
      duration: SECONDS,
    });
    if (errors + non2xx > 0) throw new Error(`${errors} errors and ${non2xx} responses that are not 2xx`);
    return { requestsPerSecond: requests.average, p99Ms: latency.p99 };
  } finally {
    await server.kill();
  }
}

const rows: object[] = [];
for (const runtime of RUNTIMES) {
  const pairs: { ours: Measured; bare: Measured }[] = [];
  for (let i = 0; i < PAIRS; i++) {
    const [ours, bare] = [ourCommand(runtime), scriptCommand(runtime, 'bench/servers/bare-hono.mjs')];
    // Each is first every other time.
    const first = await measured(i % 2 === 0 ? ours : bare);
    const second = await measured(i % 2 === 0 ? bare : ours);
    pairs.push(i % 2 === 0 ? { ours: first, bare: second } : { ours: second, bare: first });
  }
  const ratios = pairs.map(({ ours, bare }) => ours.requestsPerSecond / bare.requestsPerSecond);
  const of = (value: (pair: (typeof pairs)[number]) => number) => rounded(median(pairs.map(value)));
  rows.push({
    runtime,
    oursPerSecond: of(({ ours }) => ours.requestsPerSecond),
    barePerSecond: of(({ bare }) => bare.requestsPerSecond),
    ratio: rounded(median(ratios)),
    lowestRatio: rounded(Math.min(...ratios)),
    highestRatio: rounded(Math.max(...ratios)),
    oursP99Ms: of(({ ours }) => ours.p99Ms),
    bareP99Ms: of(({ bare }) => bare.p99Ms),
  });
}
record('app-cost', rows, { pairs: PAIRS, secondsEach: SECONDS, connections: CONNECTIONS, load: 'autocannon' });
