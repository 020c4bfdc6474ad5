import { createTerminus } from '@godaddy/terminus';
import { DEADLINE_MS, DELAY_MS, server } from './node-server.mjs';

createTerminus(server, {
  signals: ['SIGTERM', 'SIGINT'],
  timeout: DEADLINE_MS - DELAY_MS,
  healthChecks: { '/readyz': async () => {} },
  // As its documentation recommends for Kubernetes.
  beforeShutdown: () => new Promise((resolve) => setTimeout(resolve, DELAY_MS)),
});
