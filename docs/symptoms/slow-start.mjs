/** Loads for three seconds before it listens. */
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

await sleep(3000);
createServer((_request, response) => response.end('hello')).listen(process.env.PORT, process.env.HOST);
