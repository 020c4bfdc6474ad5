/** The load's worker thread: away from the cluster's timers, so that neither delays the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { seededRandom } from '../../random.ts';
import { after } from '../../timers.ts';
import { startClock } from '../../trace/clock.ts';
import { Generator } from './generator.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './messages.ts';

const PROGRESS_EVERY_MS = 200;

if (!parentPort) throw new Error('the load runs in a worker thread');
const port = parentPort;
const setup = workerData as WorkerSetup;
const clock = startClock(setup.clockStartedAtEpochMs);
const generator = new Generator(setup.requestMix, setup.routes, clock, seededRandom(setup.seed));
const say = (message: FromWorker) => port.postMessage(message);

let stopping = false;
const stop = async () => {
  if (stopping) return;
  stopping = true;
  bound.cancel();
  const end = await generator.stop(`builtin on Node ${process.versions.node}`);
  clearInterval(progress);
  say({ kind: 'done', ...end });
  port.close();
};

port.on('message', (message: ToWorker) => {
  if (message.kind === 'routes') generator.routes = message.routes;
  else void stop();
});
const progress = setInterval(() => {
  say({ kind: 'progress', started: generator.recorder.started, failed: generator.recorder.failed });
}, PROGRESS_EVERY_MS);
const bound = after(setup.maxDurationMs, () => {
  say({ kind: 'expired' });
  void stop();
});
generator.start();
say({ kind: 'started', atMs: clock.nowMs() });
