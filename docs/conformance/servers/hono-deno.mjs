/** Hono on Deno as its documentation has it. */
import { app, hostname, port } from './app.mjs';

Deno.serve({ hostname, port }, app.fetch);
