/**
 * WebSockets on /ws. On SIGTERM it closes each with 1001, over SPREAD_MS: all at once by default. With NO_END=1 it only
 * stops listening.
 */
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocketServer } from 'ws';

const { PORT, HOST, SPREAD_MS = '0', NO_END } = process.env;
const server = createServer((_request, response) => response.end('hello'));
const sockets = new WebSocketServer({ server, path: '/ws' });
server.listen(PORT, HOST);

process.on('SIGTERM', async () => {
  server.close(() => process.exit(0));
  if (NO_END) return;
  const open = [...sockets.clients];
  for (const socket of open) {
    socket.close(1001, 'going away');
    await delay(Number(SPREAD_MS) / open.length);
  }
});
