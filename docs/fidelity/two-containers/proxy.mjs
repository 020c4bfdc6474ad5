/** Passes every request on to the app on localhost, as a mesh's proxy does. On SIGTERM it exits at once, or drains. */
import { Agent, createServer, request } from 'node:http';

const agent = new Agent({ keepAlive: true });
let draining = false;
const server = createServer((incoming, response) => {
  const { url: path, method, headers } = incoming;
  const outgoing = request({ host: '127.0.0.1', port: 3000, path, method, headers, agent }, (answer) => {
    const { connection, ...rest } = answer.headers;
    const close = draining || connection === 'close'; // the app is about to end
    response.writeHead(answer.statusCode ?? 502, { ...rest, ...(close ? { connection: 'close' } : {}) });
    answer.pipe(response);
  });
  outgoing.on('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  });
  incoming.pipe(outgoing);
});
server.listen(15001);

process.on('SIGTERM', () => {
  if (process.env.ON_SIGTERM !== 'drain') process.exit();
  draining = true;
  setTimeout(() => {
    server.close(() => process.exit());
    setInterval(() => server.closeIdleConnections(), 50).unref();
  }, 1000);
});
