/** Asks its sidecar for each answer; 502 when the sidecar is gone. */
import { createServer } from 'node:http';

const server = createServer(async (_request, response) => {
  try {
    response.end(await (await fetch('http://127.0.0.1:9000')).text());
  } catch {
    response.writeHead(502).end('no sidecar');
  }
});
server.listen(process.env.PORT, process.env.HOST);

process.on('SIGTERM', () => {
  server.close();
  setInterval(() => server.closeIdleConnections(), 50).unref();
});
