/** Hono on Deno, as in its documentation. */
import { app, hostname, port } from './app.mjs';

Deno.serve({ hostname, port }, app.fetch);
