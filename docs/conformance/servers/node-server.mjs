/** The app on a server of node:http, for the libraries that take one. */
import { serve } from '@hono/node-server';
import { app, hostname, port } from './app.mjs';

export const DEADLINE_MS = 8000;
export const DELAY_MS = 1000;

export const server = serve({ fetch: app.fetch, hostname, port });
