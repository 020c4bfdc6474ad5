/** Hono on Node as its first example has it: nothing is said about signals. */
import { serve } from '@hono/node-server';
import { app, hostname, port } from './app.mjs';

serve({ fetch: app.fetch, hostname, port });
