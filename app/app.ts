/** The service under test: one Hono app that uses only web standards, so it is the same on every runtime. */
import { type Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { answer, type PodHandler } from './answer.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Log, Runtime } from './log.ts';
import { RequestCounts } from './request-counts.ts';
import type { RequestIds } from './request-ids.ts';
import { delay } from './routes/delay.ts';
import { events } from './routes/events.ts';
import { metrics } from './routes/metrics.ts';
import { healthz, readyz } from './routes/probes.ts';
import { root } from './routes/root.ts';
import { stream } from './routes/stream.ts';
import { upload } from './routes/upload.ts';
import { version } from './routes/version.ts';
import { type UpgradeWebSocket, webSocket } from './routes/web-socket.ts';
import type { Settings } from './settings.ts';

export interface AppOptions {
  settings: Settings;
  lifecycle: Lifecycle;
  requestIds: RequestIds;
  runtime: Runtime;
  log: Log;
  /** If absent, /ws answers 426. */
  upgradeWebSocket?: UpgradeWebSocket;
}

/** The app. A runtime serves its `fetch`. */
export function createApp({ settings, lifecycle, requestIds, runtime, log, upgradeWebSocket }: AppOptions): Hono {
  const { podName, appVersion } = settings;
  const requestCounts = new RequestCounts();
  const pod = { podName, lifecycle, requestIds, requestCounts, headersAtOnce: runtime.name === 'node' };
  const failed = (error: unknown, c: Context) => {
    if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
    log('request-error', { path: c.req.path, message: String(error) });
    return c.json({ error: 'internal error' }, 500);
  };
  const app = new Hono();
  const on = (methods: string[], route: string, handler: PodHandler) =>
    app.on(methods, route, answer(route, handler, failed, pod));

  on(['GET', 'POST'], '/', root(podName));
  on(['GET', 'POST'], '/delay/:ms', delay(podName));
  on(['POST'], '/upload', upload);
  on(['GET'], '/stream', stream(lifecycle));
  on(['GET'], '/events', events(lifecycle));
  on(['GET'], '/ws', webSocket(lifecycle, upgradeWebSocket));

  on(['GET'], '/healthz', healthz);
  on(['GET'], '/readyz', readyz(lifecycle));
  on(['GET'], '/version', version(runtime, appVersion));
  on(['GET'], '/metrics', metrics({ lifecycle, requestCounts, requestIds, runtime, appVersion }));

  const notFound: PodHandler = (c) => c.json({ error: `no route for ${c.req.method} ${c.req.path}` }, 404);
  app.notFound(answer('unmatched', notFound, failed, pod));
  app.onError(failed); // errors outside handlers
  return app;
}
