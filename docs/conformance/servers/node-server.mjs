/** The app on a node:http server, for the libraries that take such a server. */
import { serve } from '@hono/node-server';
import { app, hostname, port } from './app.mjs';

export const DEADLINE_MS = 8000;
export const DELAY_MS = 1000;

export const server = serve({ fetch: app.fetch, hostname, port });
