import { createHttpTerminator } from 'http-terminator';
import { DEADLINE_MS, server } from './node-server.mjs';

const terminator = createHttpTerminator({ server, gracefulTerminationTimeout: DEADLINE_MS });

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, async () => {
    await terminator.terminate();
    process.exit(0);
  });
}
