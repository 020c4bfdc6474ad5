/** Closes in order on SIGTERM; each request takes four seconds. */
import { createServer } from 'node:http';

let draining = false;

const server = createServer((_request, response) =>
  setTimeout(() => {
    if (draining) response.setHeader('connection', 'close');
    response.end('hello');
  }, 4000),
);
server.listen(process.env.PORT, process.env.HOST);

process.on('SIGTERM', () => {
  draining = true;
  server.close();
});
