/** The service under test: one Hono app of web-standard code, the same on every runtime. */
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Lifecycle } from './lifecycle.ts';
import type { Log, Runtime } from './log.ts';
import { podHeaders } from './pod-headers.ts';
import { countRequests, RequestCounts } from './request-counts.ts';
import type { RequestIds } from './request-ids.ts';
import { delay } from './routes/delay.ts';
import { events } from './routes/events.ts';
import { metrics } from './routes/metrics.ts';
import { healthz, readyz } from './routes/probes.ts';
import { root } from './routes/root.ts';
import { stream } from './routes/stream.ts';
import { upload } from './routes/upload.ts';
import { version } from './routes/version.ts';
import { echo, type UpgradeWebSocket, upgradeRequired } from './routes/web-socket.ts';
import type { Settings } from './settings.ts';

export interface AppOptions {
  settings: Settings;
  lifecycle: Lifecycle;
  requestIds: RequestIds;
  runtime: Runtime;
  log: Log;
  /** Without it /ws answers 426. */
  upgradeWebSocket?: UpgradeWebSocket;
}

/** The app; its `fetch` is what a runtime serves. */
export function createApp({ settings, lifecycle, requestIds, runtime, log, upgradeWebSocket }: AppOptions): Hono {
  const { podName, appVersion } = settings;
  const requestCounts = new RequestCounts();
  const app = new Hono();

  app.use(countRequests(requestCounts));
  app.use(podHeaders(podName, lifecycle, requestIds));

  app.on(['GET', 'POST'], '/', root(podName));
  app.on(['GET', 'POST'], '/delay/:ms', delay(podName));
  app.post('/upload', upload);
  app.get('/stream', stream(lifecycle));
  app.get('/events', events(lifecycle));
  if (upgradeWebSocket) app.get('/ws', upgradeWebSocket(echo(lifecycle)));
  app.get('/ws', upgradeRequired);

  app.get('/healthz', healthz);
  app.get('/readyz', readyz(lifecycle));
  app.get('/version', version(runtime, appVersion));
  app.get('/metrics', metrics({ lifecycle, requestCounts, requestIds, runtime, appVersion }));

  app.notFound((c) => c.json({ error: `no route for ${c.req.method} ${c.req.path}` }, 404));
  app.onError((error, c) => {
    if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
    log('request-error', { path: c.req.path, message: String(error) });
    return c.json({ error: 'internal error' }, 500);
  });
  return app;
}
