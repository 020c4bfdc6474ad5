/** The same server with the whole shutdown: keep accepting, say Connection: close, then stop. */
import { createServer } from 'node:http';

const DRAIN_DELAY_MS = 2000;
let draining = false;

const server = createServer((request, response) => {
  if (draining) response.setHeader('connection', 'close');
  response.statusCode = draining && request.url === '/readyz' ? 503 : 200;
  setTimeout(() => response.end('hello'), 20);
});
server.listen(process.env.PORT, process.env.HOST);

process.on('SIGTERM', () => {
  if (draining) return;
  draining = true;
  setTimeout(() => {
    server.close();
    setInterval(() => server.closeIdleConnections(), 50).unref();
  }, DRAIN_DELAY_MS);
});
