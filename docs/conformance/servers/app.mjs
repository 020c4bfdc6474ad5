/** A small Hono app with every kind of request, used by the servers in this folder. */
import { Hono } from 'hono';
import { stream, streamSSE } from 'hono/streaming';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const port = Number(process.env.PORT);
export const hostname = process.env.HOST;

export const app = new Hono();

app.get('/', (c) => c.text('hello'));
app.get('/readyz', (c) => c.text('ready'));

app.get('/delay/:ms', async (c) => {
  await sleep(Number(c.req.param('ms')));
  return c.text('done');
});

app.post('/upload', async (c) => c.text(`${(await c.req.arrayBuffer()).byteLength} bytes`));

app.get('/stream', (c) =>
  stream(c, async (body) => {
    for (let piece = 0; piece < 25; piece++) {
      await body.write(`piece ${piece}\n`);
      await body.sleep(100);
    }
  }),
);

app.get('/events', (c) =>
  streamSSE(c, async (events) => {
    while (!events.aborted) {
      await events.writeSSE({ data: 'tick' });
      await events.sleep(500);
    }
  }),
);
