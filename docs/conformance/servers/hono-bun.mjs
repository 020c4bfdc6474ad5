/** Hono on Bun as its documentation has it. */
import { app, hostname, port } from './app.mjs';

export default { fetch: app.fetch, hostname, port };
