/**
 * How long a server takes from its last response to its exit: `npm run bench:drain-cost`. A request that takes 500 ms is
 * in flight at SIGTERM; the clock runs from the end of its response to the end of the process. The app drains without
 * a delay here, as the others do.
 */
import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { RUNTIMES, type Runtime } from '../src/manifests/overlays.ts';
import { record } from './record.ts';
import { HOST, ourCommand, scriptCommand, startServer } from './server.ts';
import { median, rounded } from './statistics.ts';

const ROUNDS = 15;
const REQUEST_MS = 500;
const SIGTERM_AFTER_MS = 200;

interface Contender {
  runtime: Runtime;
  server: string;
  command: readonly string[];
  env?: Record<string, string>;
}

const library = (runtime: Runtime, server: string): Contender => ({
  runtime,
  server,
  command: scriptCommand(runtime, `docs/conformance/servers/${server}.mjs`),
});

const CONTENDERS: readonly Contender[] = RUNTIMES.flatMap((runtime) => [
  {
    runtime,
    server: 'this app',
    command: ourCommand(runtime),
    env: { SHUTDOWN: 'drain', DRAIN_DELAY_MS: '0', SHUTDOWN_DEADLINE_MS: '8000' },
  },
  { runtime, server: 'bare stop', command: scriptCommand(runtime, 'bench/servers/bare-stop.mjs') },
  library(runtime, 'srvx'),
  ...(runtime === 'node'
    ? ['http-terminator', 'http-graceful-shutdown', 'stoppable', 'terminus', 'lightship'].map((name) =>
        library(runtime, name),
      )
    : []),
]);

/** From the last byte of the response to the exit, in ms; undefined when the response was cut. */
async function drainMs({ command, env }: Contender): Promise<number | undefined> {
  const server = await startServer(command, env);
  try {
    const outgoing = request({ host: HOST, port: server.port, path: `/delay/${REQUEST_MS}`, agent: false }).end();
    const answered = once(outgoing, 'response').then(async ([response]) => {
      response.resume();
      await once(response, 'end');
      return performance.now();
    });
    const exited = once(server.child, 'exit').then(() => performance.now());
    await delay(SIGTERM_AFTER_MS);
    server.child.kill('SIGTERM');
    const endMs = await answered.catch(() => undefined);
    return endMs === undefined ? undefined : (await exited) - endMs;
  } finally {
    await server.kill();
  }
}

const times = new Map<Contender, number[]>(CONTENDERS.map((contender) => [contender, []]));
const cut = new Map<Contender, number>();
for (let round = 0; round < ROUNDS; round++) {
  for (const contender of CONTENDERS) {
    const ms = await drainMs(contender);
    if (ms === undefined) cut.set(contender, (cut.get(contender) ?? 0) + 1);
    else times.get(contender)?.push(ms);
  }
}
const rows = CONTENDERS.map((contender) => {
  const { runtime, server } = contender;
  const ms = times.get(contender) ?? [];
  const bare = CONTENDERS.find((other) => other.runtime === runtime && other.server === 'bare stop') as Contender;
  const beyond = median(ms) - median(times.get(bare) ?? []);
  return {
    runtime,
    server,
    medianMs: rounded(median(ms)),
    slowestMs: rounded(Math.max(...ms)),
    beyondBareStopMs: rounded(beyond),
    cutRequests: cut.get(contender) ?? 0,
  };
});
record('drain-cost', rows, { rounds: ROUNDS });
