/** The service on Node.js. */
import { upgradeWebSocket, type WebSocketServerLike } from '@hono/node-server';
import { WebSocketServer } from 'ws';
import { createApp } from '../../app/app.ts';
import { createService } from '../../app/service.ts';
import { serve } from './serve.ts';

const runtime = { name: 'node', version: process.versions.node } as const;

const service = createService(process.env, runtime, (code) => process.exit(code));
const app = createApp({ ...service, runtime, upgradeWebSocket });

// ws declares this option as optional, but the adapter requires it.
const webSocketServer = new WebSocketServer({ noServer: true }) as WebSocketServerLike;

serve({ ...service.serving, fetch: app.fetch, websocket: { server: webSocketServer } });
