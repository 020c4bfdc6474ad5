/** From the start of the app's process to its first ready answer, on each runtime: `npm run bench:start-time`. */
import { RUNTIMES } from '../src/manifests/overlays.ts';
import { record } from './record.ts';
import { ourCommand, startServer } from './server.ts';
import { median, rounded } from './statistics.ts';

const ROUNDS = 20;

const times = new Map<string, number[]>(RUNTIMES.map((runtime) => [runtime, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const runtime of RUNTIMES) {
    const startedMs = performance.now();
    const server = await startServer(ourCommand(runtime), { SHUTDOWN: 'drain' });
    times.get(runtime)?.push(performance.now() - startedMs);
    await server.kill();
  }
}
const rows = [...times].map(([runtime, ms]) => ({
  runtime,
  medianMs: rounded(median(ms)),
  fastestMs: rounded(Math.min(...ms)),
  slowestMs: rounded(Math.max(...ms)),
}));
record('start-time', rows, { rounds: ROUNDS, lookedEveryMs: 10 });
