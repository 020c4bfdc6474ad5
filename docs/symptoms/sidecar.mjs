/** Exits at once on SIGTERM, as many proxies do. */
import { createServer } from 'node:http';

createServer((_request, response) => response.end('data')).listen(9000, '127.0.0.1');

process.on('SIGTERM', () => process.exit());
