/** The service on Bun. */
import { upgradeWebSocket, websocket } from 'hono/bun';
import { createApp } from '../../app/app.ts';
import { createService } from '../../app/service.ts';
import { serve } from './serve.ts';

const runtime = { name: 'bun', version: Bun.version } as const;

const service = createService(process.env, runtime, process.exit);
const app = createApp({ ...service, runtime, upgradeWebSocket });

serve({ ...service.serving, fetch: app.fetch, websocket });
