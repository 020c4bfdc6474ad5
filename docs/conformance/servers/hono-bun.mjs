/** Hono on Bun, as in its documentation. */
import { app, hostname, port } from './app.mjs';

export default { fetch: app.fetch, hostname, port };
