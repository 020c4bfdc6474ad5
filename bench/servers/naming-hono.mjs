/**
 * The runtime with Hono, and the headers of the app's responses set by hand: the least that a server with that contract
 * costs. Answers as the app's route / does.
 */
import { Hono } from 'hono';

const { PORT: port, HOST: hostname } = process.env;
const body = { pod: 'bare', receivedBytes: 0 };
const naming = () => ({
  'x-pod-name': 'bare',
  'x-pod-state': 'ready',
  'x-server-time': (performance.timeOrigin + performance.now()).toFixed(3),
});

const onNode = !globalThis.Bun && !globalThis.Deno;
const app = new Hono().get('/', (c) => {
  if (c.req.header('x-request-id') !== undefined) throw new Error('nobody sends one here');
  const type = { 'content-type': 'application/json' };
  // As in the app: whichever way is cheaper on this runtime.
  if (onNode) return new Response(JSON.stringify(body), { headers: { ...type, ...naming() } });
  const response = new Response(JSON.stringify(body), { headers: type });
  for (const [name, value] of Object.entries(naming())) response.headers.set(name, value);
  return response;
});

if (globalThis.Bun) Bun.serve({ port: Number(port), hostname, fetch: app.fetch });
else if (globalThis.Deno) Deno.serve({ port: Number(port), hostname, onListen() {} }, app.fetch);
else (await import('@hono/node-server')).serve({ fetch: app.fetch, port: Number(port), hostname });
