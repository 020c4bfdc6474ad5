/** Has no handler for SIGTERM; each request takes a second. */
import { createServer } from 'node:http';

const server = createServer((_request, response) => setTimeout(() => response.end('hello'), 1000));
server.listen(process.env.PORT, process.env.HOST);
