import gracefulShutdown from 'http-graceful-shutdown';
import { DEADLINE_MS, server } from './node-server.mjs';

gracefulShutdown(server, { timeout: DEADLINE_MS });
