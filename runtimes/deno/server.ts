/** The service on Deno. */
import { upgradeWebSocket } from 'hono/deno';
import { createApp } from '../../app/app.ts';
import { createService } from '../../app/service.ts';
import { VARIABLES } from '../../app/settings.ts';
import { serve } from './serve.ts';

const runtime = { name: 'deno', version: Deno.version.deno } as const;

// By name, because the process may read only these variables.
const env = Object.fromEntries(VARIABLES.map((name) => [name, Deno.env.get(name)]));

const service = createService(env, runtime, Deno.exit);
const app = createApp({ ...service, runtime, upgradeWebSocket });

serve({ ...service.serving, fetch: app.fetch });
