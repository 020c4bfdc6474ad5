/** Stops listening as soon as SIGTERM arrives, as many examples do. */
import { createServer } from 'node:http';

const server = createServer((_request, response) => setTimeout(() => response.end('hello'), 20));
server.listen(process.env.PORT, process.env.HOST);

process.on('SIGTERM', () => server.close());
