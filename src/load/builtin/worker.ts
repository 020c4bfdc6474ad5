/** A load thread. It runs several loads, apart from the cluster's timers, so that neither delays the other. */
import { parentPort } from 'node:worker_threads';
import { seededRandom } from '../../random.ts';
import { after, type Timer } from '../../timers.ts';
import { startClock } from '../../trace/clock.ts';
import { Generator } from './generator.ts';
import type { FromWorker, LoadSetup, ToWorker } from './messages.ts';
import { Ticker } from './ticker.ts';

if (!parentPort) throw new Error('the load runs in a worker thread');
const port = parentPort;
const say = (message: FromWorker) => port.postMessage(message);

const ticker = new Ticker();
const loads = new Map<number, { generator: Generator; bound: Timer }>();

function start(load: number, setup: LoadSetup): void {
  const clock = startClock(setup.clockStartedAtEpochMs);
  const { requestMix, routes, seed, counts } = setup;
  const generator = new Generator({ requestMix, routes, clock, random: seededRandom(seed), ticker, counts });
  const bound = after(setup.maxDurationMs, () => {
    say({ load, kind: 'expired' });
    void stop(load);
  });
  loads.set(load, { generator, bound });
  generator.start();
  say({ load, kind: 'started', atMs: clock.nowMs() });
}

/** Takes the load out of the map, so that it ends only once. */
function taken(load: number): Generator | undefined {
  const { generator, bound } = loads.get(load) ?? {};
  bound?.cancel();
  loads.delete(load);
  return generator;
}

async function stop(load: number): Promise<void> {
  const end = await taken(load)?.stop(`builtin on Node ${process.versions.node}`);
  if (end) say({ load, kind: 'done', ...end });
}

port.on('message', (message: ToWorker) => {
  const { load } = message;
  if (message.kind === 'start') start(load, message.setup);
  else if (message.kind === 'stop') void stop(load);
  else if (message.kind === 'abort') taken(load)?.abort();
  else {
    const { generator } = loads.get(load) ?? {};
    if (generator) generator.routes = message.routes;
  }
});
