/**
 * Measures what docs/fidelity.md says of gateways: `npm run fidelity:gateways -- local`, or `-- kubernetes` on the current
 * context, then `npm run docs`. On this machine the five gateways must be on the PATH; on the cluster, its pods must reach
 * the API server. It takes 20 and 95 minutes. `-- contour` measures behind Contour, which the cluster must have: 9 minutes.
 */
import { BEHIND_CONTOUR, fidelityMeasurements, PLACES } from './fidelity-measurements.ts';
import { measure } from './measure.ts';

const [, , asked] = process.argv;
const place = PLACES.find((known) => known === asked);
if (!place && asked !== 'contour') throw new Error(`where: ${PLACES.join(', ')} or contour`);
for (const measurement of place ? fidelityMeasurements(place) : [BEHIND_CONTOUR]) measure(measurement);
