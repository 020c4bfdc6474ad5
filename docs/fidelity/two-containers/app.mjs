/** Drains on SIGTERM: answers with Connection: close for 3 s, then finishes what is in flight. */
import { createServer } from 'node:http';

let draining = false;
const server = createServer((_request, response) => {
  if (draining) response.setHeader('connection', 'close');
  setTimeout(() => response.end('answer'), 20);
});
server.listen(3000);

process.on('SIGTERM', () => {
  draining = true;
  setTimeout(() => {
    server.close();
    setInterval(() => server.closeIdleConnections(), 50).unref();
  }, 3000);
});
