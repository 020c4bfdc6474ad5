/** The runtime with Hono and nothing else: what the app under test is compared with. Answers as its route / does. */
import { Hono } from 'hono';

const { PORT: port, HOST: hostname } = process.env;
const app = new Hono().get('/', (c) => c.json({ pod: 'bare', receivedBytes: 0 }));

if (globalThis.Bun) Bun.serve({ port: Number(port), hostname, fetch: app.fetch });
else if (globalThis.Deno) Deno.serve({ port: Number(port), hostname, onListen() {} }, app.fetch);
else (await import('@hono/node-server')).serve({ fetch: app.fetch, port: Number(port), hostname });
