/** For `deno serve`, which handles SIGTERM itself. */
import { app } from './app.mjs';

export default { fetch: app.fetch };
