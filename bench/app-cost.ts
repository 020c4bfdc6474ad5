/**
 * What the app costs beside a server that sets the same headers by hand (bench/servers/naming-hono.mjs): `npm run
 * bench:app-cost`. Both answer GET / with a line of JSON; the app also counts requests by route and status, and knows
 * what is in flight. Each round starts both anew and loads them in turns: app, by hand, by hand, app, and so on (every
 * second round the other way round). So whatever else the machine does affects both alike, and each round is a pair.
 * Needs Linux: /proc has the processor time of the server, which is less noisy than its rate.
 */
import { readdirSync, readFileSync } from 'node:fs';
import autocannon from 'autocannon';
import { RUNTIMES, type Runtime } from '../src/manifests/overlays.ts';
import { record } from './record.ts';
import { type BenchServer, HOST, ourCommand, scriptCommand, startServer } from './server.ts';
import { median, rounded } from './statistics.ts';

const ROUNDS = 9;
const CONNECTIONS = 32;
/** Turns are short: what disturbs the machine for longer than one disturbs both. */
const TURN_SECONDS = 0.3;
const TURNS_PER_ROUND = 12;
const WARM_UP_SECONDS = 0.7;
/** How often autocannon looks whether its time is over. */
const SAMPLE_MS = 10;

const SERVERS = ['app', 'byHand'] as const;
type Server = (typeof SERVERS)[number];

/** What one server did in its turns of one round. */
class Turns {
  #requests = 0;
  #seconds = 0;
  #processorNs = 0;
  readonly #server: BenchServer;

  constructor(server: BenchServer) {
    this.#server = server;
  }

  async warmUp(): Promise<void> {
    await this.#load(WARM_UP_SECONDS);
  }

  async turn(): Promise<void> {
    const before = processorNs(this.#server.child.pid);
    const { requests, start, finish, errors, non2xx } = await this.#load(TURN_SECONDS);
    if (errors + non2xx > 0) throw new Error(`${errors} errors and ${non2xx} responses that are not 2xx`);
    this.#processorNs += processorNs(this.#server.child.pid) - before;
    this.#requests += requests.total;
    this.#seconds += (finish.getTime() - start.getTime()) / 1000;
  }

  get perSecond(): number {
    return this.#requests / this.#seconds;
  }

  get processorMicros(): number {
    return this.#processorNs / 1000 / this.#requests;
  }

  #load(duration: number) {
    const url = `http://${HOST}:${this.#server.port}/`;
    return autocannon({ url, connections: CONNECTIONS, duration, sampleInt: SAMPLE_MS });
  }
}

/** The first field of a thread's schedstat is the time it has run, in ns (scheduler/sched-stats in the kernel's docs). */
function processorNs(pid: number | undefined): number {
  const times = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const [ran] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
    return Number(ran);
  });
  return times.reduce((sum, time) => sum + time, 0);
}

function commandOf(server: Server, runtime: Runtime): readonly string[] {
  return server === 'app' ? ourCommand(runtime) : scriptCommand(runtime, 'bench/servers/naming-hono.mjs');
}

/** Starts both, and has them take turns. */
async function round(runtime: Runtime, first: Server): Promise<Record<Server, Turns>> {
  const started = await Promise.all(
    SERVERS.map(async (server) => startServer(commandOf(server, runtime), { SHUTDOWN: 'drain' })),
  );
  try {
    const [app, byHand] = started.map((server) => new Turns(server)) as [Turns, Turns];
    const [a, b] = first === 'app' ? [app, byHand] : [byHand, app];
    for (const turns of [a, b]) await turns.warmUp();
    for (let i = 0; i < TURNS_PER_ROUND; i++) await (i % 4 === 0 || i % 4 === 3 ? a : b).turn();
    return { app, byHand };
  } finally {
    await Promise.all(started.map((server) => server.kill()));
  }
}

const rows: object[] = [];
for (const runtime of RUNTIMES) {
  const rounds: Record<Server, Turns>[] = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push(await round(runtime, SERVERS[i % 2] as Server));
  const of = (value: (turns: Record<Server, Turns>) => number) => rounds.map(value);
  const rate = of(({ app, byHand }) => app.perSecond / byHand.perSecond);
  const processor = of(({ app, byHand }) => byHand.processorMicros / app.processorMicros);
  const spread = (values: number[]) => [Math.min(...values), Math.max(...values)].map((value) => rounded(value));
  rows.push({
    runtime,
    appPerSecond: rounded(median(of(({ app }) => app.perSecond))),
    byHandPerSecond: rounded(median(of(({ byHand }) => byHand.perSecond))),
    /** The app's rate as a share of the other's. */
    rate: rounded(median(rate)),
    rateSpread: spread(rate),
    appMicros: rounded(median(of(({ app }) => app.processorMicros))),
    byHandMicros: rounded(median(of(({ byHand }) => byHand.processorMicros))),
    /** The other's processor time per request as a share of the app's. */
    processor: rounded(median(processor)),
    processorSpread: spread(processor),
  });
}
record('app-cost', rows, {
  rounds: ROUNDS,
  turnsPerRound: TURNS_PER_ROUND,
  secondsOfTurn: TURN_SECONDS,
  connections: CONNECTIONS,
  load: 'autocannon',
});
