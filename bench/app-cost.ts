/**
 * What the app costs beside the bare runtime with Hono, and beside one that names its pod by hand: `npm run
 * bench:app-cost`. All answer GET / with a line of JSON; the app also counts requests by route and knows what is in
 * flight. The three take turns in each round, so that what else the machine does hits all alike. Needs Linux, whose
 * /proc tells the server's processor time: the rate alone is the load's where a server is faster than that.
 */
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';
import { RUNTIMES, type Runtime } from '../src/manifests/overlays.ts';
import { record } from './record.ts';
import { HOST, ourCommand, scriptCommand, startServer } from './server.ts';
import { median, rounded } from './statistics.ts';

const ROUNDS = 9;
const SECONDS = 4;
const CONNECTIONS = 32;
/** The unit of the times in /proc/PID/stat, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

interface Measured {
  perSecond: number;
  p99Ms: number;
  processorMicros: number;
}

async function measured(command: readonly string[]): Promise<Measured> {
  const server = await startServer(command, { SHUTDOWN: 'drain' });
  try {
    const load = { url: `http://${HOST}:${server.port}/`, connections: CONNECTIONS };
    await autocannon({ ...load, duration: 1 }); // warm
    const before = processorSeconds(server.child.pid);
    const { requests, latency, errors, non2xx } = await autocannon({ ...load, duration: SECONDS });
    const used = processorSeconds(server.child.pid) - before;
    if (errors + non2xx > 0) throw new Error(`${errors} errors and ${non2xx} responses that are not 2xx`);
    return { perSecond: requests.average, p99Ms: latency.p99, processorMicros: (used * 1e6) / requests.total };
  } finally {
    await server.kill();
  }
}

/** proc(5): utime and stime are fields 14 and 15; the second field, in parentheses, may hold spaces. */
function processorSeconds(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

const SERVERS = ['app', 'bare', 'naming'] as const;
type Server = (typeof SERVERS)[number];

function commandOf(server: Server, runtime: Runtime): readonly string[] {
  return server === 'app' ? ourCommand(runtime) : scriptCommand(runtime, `bench/servers/${server}-hono.mjs`);
}

const rows: object[] = [];
for (const runtime of RUNTIMES) {
  const rounds: Record<Server, Measured>[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const round: Partial<Record<Server, Measured>> = {};
    // Each is first every third time.
    for (let k = 0; k < SERVERS.length; k++) {
      const server = SERVERS[(i + k) % SERVERS.length] as Server;
      round[server] = await measured(commandOf(server, runtime));
    }
    rounds.push(round as Record<Server, Measured>);
  }
  for (const server of SERVERS) {
    const of = (value: (measured: Measured) => number) => rounded(median(rounds.map((round) => value(round[server]))));
    const besideBare = rounds.map((round) => round[server].perSecond / round.bare.perSecond);
    rows.push({
      runtime,
      server,
      perSecond: of(({ perSecond }) => perSecond),
      p99Ms: of(({ p99Ms }) => p99Ms),
      processorMicros: of(({ processorMicros }) => processorMicros),
      besideBare: rounded(median(besideBare)),
      lowest: rounded(Math.min(...besideBare)),
      highest: rounded(Math.max(...besideBare)),
      besideNaming: rounded(median(rounds.map((round) => round[server].perSecond / round.naming.perSecond))),
    });
  }
}
record('app-cost', rows, { rounds: ROUNDS, secondsEach: SECONDS, connections: CONNECTIONS, load: 'autocannon' });
