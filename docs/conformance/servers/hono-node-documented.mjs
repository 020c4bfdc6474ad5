/** Hono on Node with the graceful shutdown from its documentation (https://hono.dev/docs/getting-started/nodejs). */
import { serve } from '@hono/node-server';
import { app, hostname, port } from './app.mjs';

const server = serve({ fetch: app.fetch, hostname, port });

process.on('SIGINT', () => {
  server.close();
  process.exit(0);
});
process.on('SIGTERM', () => {
  server.close((error) => {
    if (error) {
      console.error(error);
      process.exit(1);
    }
    process.exit(0);
  });
});
