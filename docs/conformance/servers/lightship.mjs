/** lightship serves its probes on a separate port. */
import { createLightship } from 'lightship';
import { DEADLINE_MS, DELAY_MS, server } from './node-server.mjs';

const lightship = await createLightship({
  detectKubernetes: false,
  port: 0, // any free port
  shutdownDelay: DELAY_MS,
  gracefulShutdownTimeout: DEADLINE_MS,
  shutdownHandlerTimeout: DEADLINE_MS,
});

lightship.registerShutdownHandler(() => new Promise((resolve) => server.close(resolve)));
lightship.signalReady();
