/** The builtin load generator: a constant arrival rate from a worker thread that dials and observes every connection. */
import type { RoutingTable, Target } from '../../clusters/cluster.ts';
import { InputError } from '../../errors.ts';
import { type LoadGenerator, type LoadOptions, loadExpired, type RunningLoad } from '../load.ts';
import { LOAD_COUNTS } from '../recorder.ts';
import { type RequestMix, totalRate, totalSessions } from '../request-mix.ts';
import { threadFor } from './load-thread.ts';
import type { FromWorker, LoadSetup } from './messages.ts';

export const builtinLoad: LoadGenerator = {
  name: 'builtin',
  start(options) {
    return startInThread(options);
  },
};

type Message<K> = Extract<FromWorker, { kind: K }>;

async function startInThread(options: LoadOptions): Promise<RunningLoad> {
  const { target, clock, signal } = options;
  signal.throwIfAborted();
  const counts = new Uint32Array(new SharedArrayBuffer(LOAD_COUNTS.length * Uint32Array.BYTES_PER_ELEMENT));
  const setup: LoadSetup = {
    requestMix: options.requestMix,
    routes: target.kind === 'routes' ? target.current() : fixedRoutes(target),
    clockStartedAtEpochMs: clock.startedAtEpochMs,
    seed: options.seed,
    maxDurationMs: options.maxDurationMs,
    counts,
  };
  const ratePerSecond = wakeUpsPerSecond(options.requestMix);
  const started = deferred<Message<'started'>>();
  const done = deferred<Message<'done'>>();
  const died = deferred<never>();
  died.promise.catch(() => {}); // awaited in races; a rejection between them must not end the program
  const end = () => {
    signal.removeEventListener('abort', abort);
    inThread.leave();
  };
  const abort = () => {
    inThread.tell({ kind: 'abort' });
    died.reject(signal.reason);
    end();
  };
  const inThread = threadFor(ratePerSecond).start(setup, ratePerSecond, {
    onMessage(message) {
      if (message.kind === 'started') started.resolve(message);
      else if (message.kind === 'expired') died.reject(loadExpired(options.maxDurationMs));
      else {
        done.resolve(message);
        end();
      }
    },
    onDeath(error) {
      died.reject(error);
      end();
    },
  });
  signal.addEventListener('abort', abort);
  if (target.kind === 'routes') target.onChange((routes) => inThread.tell({ kind: 'routes', routes }));

  const { atMs: startedMs } = await Promise.race([started.promise, died.promise]);
  return {
    startedMs,
    progress() {
      const [started = 0, failed = 0, sessions = 0, openSessions = 0] = counts;
      return { started, failed, sessions, openSessions };
    },
    died: died.promise,
    stop() {
      inThread.tell({ kind: 'stop' });
      return Promise.race([died.promise, done.promise]);
    },
  };
}

/** An event stream has an event per second or so; a session costs as much as a request per second. */
function wakeUpsPerSecond(requestMix: RequestMix): number {
  return totalRate(requestMix) + totalSessions(requestMix);
}

/** A promise and the functions that settle it: Promise.withResolvers, which Node 20 lacks. */
function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

/** A URL leads to one address, and the pod behind it is unknown. */
function fixedRoutes(target: Exclude<Target, { kind: 'routes' }>): RoutingTable {
  const { url: text } = target;
  const url = new URL(text);
  if (url.protocol !== 'http:' || url.pathname !== '/') {
    throw new InputError(`${text}: the builtin load speaks plain HTTP to a host and port alone; use --load k6`);
  }
  // A URL has an IPv6 address in brackets, and a socket without.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const endpoint = { pod: { uid: '', name: '' }, host, port: Number(url.port || 80), reachable: true };
  const { perRequest = false, virtualHost } = target;
  return { headless: false, perRequest, virtualHost, routers: [{ name: '', endpoints: [endpoint] }] };
}
