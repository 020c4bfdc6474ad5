/** The builtin load generator: constant arrival rate in a worker thread, every connection dialled and watched by itself. */
import { Worker } from 'node:worker_threads';
import type { RoutingTable } from '../../clusters/cluster.ts';
import { InputError } from '../../errors.ts';
import { projectFile } from '../../project-file.ts';
import { type LoadGenerator, type LoadOptions, type LoadProgress, loadExpired, type RunningLoad } from '../load.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './messages.ts';

export const builtinLoad: LoadGenerator = {
  name: 'builtin',
  start(options) {
    return startWorker(options);
  },
};

async function startWorker(options: LoadOptions): Promise<RunningLoad> {
  const { target, clock, signal } = options;
  const setup: WorkerSetup = {
    requestMix: options.requestMix,
    routes: target.kind === 'routes' ? target.current() : fixedRoutes(target.url),
    clockStartedAtEpochMs: clock.startedAtEpochMs,
    seed: options.seed,
    maxDurationMs: options.maxDurationMs,
  };
  const worker = new Worker(projectFile('dist/load-worker.js'), { workerData: setup });
  const tell = (message: ToWorker) => worker.postMessage(message);
  if (target.kind === 'routes') target.onChange((routes) => tell({ kind: 'routes', routes }));
  const abort = () => void worker.terminate();
  signal.addEventListener('abort', abort);

  let latest: LoadProgress = { started: 0, failed: 0 };
  const died = new Promise<never>((_, reject) => {
    const fail = (error: unknown) => reject(signal.aborted ? signal.reason : error);
    worker.on('error', fail);
    worker.on('message', ({ kind }: FromWorker) => {
      if (kind === 'expired') fail(loadExpired(options.maxDurationMs));
    });
    worker.on('exit', () => {
      signal.removeEventListener('abort', abort);
      fail(new Error('the load generator ended by itself'));
    });
  });
  died.catch(() => {}); // awaited below in races; between them a rejection must not end the program
  const message = <K extends FromWorker['kind']>(kind: K) =>
    new Promise<Extract<FromWorker, { kind: K }>>((resolve) => {
      worker.on('message', (told: FromWorker) => {
        if (told.kind === kind) resolve(told as Extract<FromWorker, { kind: K }>);
      });
    });
  worker.on('message', (told: FromWorker) => {
    if (told.kind === 'progress') latest = told;
  });
  const done = message('done');

  const { atMs: startedMs } = await Promise.race([message('started'), died]);
  return {
    startedMs,
    progress: () => latest,
    died,
    stop() {
      tell({ kind: 'stop' });
      return Promise.race([done, died]);
    },
  };
}

/** A URL leads to one place, and nobody can see which pod is behind it. */
function fixedRoutes(text: string): RoutingTable {
  const url = new URL(text);
  if (url.protocol !== 'http:' || url.pathname !== '/') {
    throw new InputError(`${text}: the builtin load speaks plain HTTP to a host and port alone; use --load k6`);
  }
  // A URL has an IPv6 address in brackets, and a socket without.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const endpoint = { pod: { uid: '', name: '' }, host, port: Number(url.port || 80), reachable: true };
  return { headless: false, routers: [{ name: '', endpoints: [endpoint] }] };
}
