import stoppable from 'stoppable';
import { DEADLINE_MS, server } from './node-server.mjs';

stoppable(server, DEADLINE_MS);

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => server.stop((_error, gracefully) => process.exit(gracefully ? 0 : 1)));
}
