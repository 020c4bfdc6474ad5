/**
 * Measures what docs/fidelity.md says of gateways: `npm run fidelity:gateways -- local`, or `-- kubernetes` on the current
 * context, then `npm run docs`. On this machine the five gateways must be on the PATH; on the cluster, its pods must reach
 * the API server. It takes 15 and 75 minutes.
 */
import { fidelityMeasurements, PLACES } from './fidelity-measurements.ts';
import { measure } from './measure.ts';

const [, , asked] = process.argv;
const place = PLACES.find((known) => known === asked);
if (!place) throw new Error(`where: ${PLACES.join(' or ')}`);
for (const measurement of fidelityMeasurements(place)) measure(measurement);
