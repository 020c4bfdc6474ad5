/** Hono on Node, as in the first example of its documentation, which does not handle signals. */
import { serve } from '@hono/node-server';
import { app, hostname, port } from './app.mjs';

serve({ fetch: app.fetch, hostname, port });
