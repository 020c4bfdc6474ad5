/** srvx with its built-in graceful shutdown. */
import { serve } from 'srvx';
import { app, hostname, port } from './app.mjs';

serve({ fetch: app.fetch, hostname, port, gracefulShutdown: { gracefulTimeout: 8 } });
