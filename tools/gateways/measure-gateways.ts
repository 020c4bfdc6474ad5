/**
 * Measures what docs/gateways.md shows: `npm run gateways -- [NAME...]`, then `npm run docs`. The five gateways must be on
 * the PATH (tools/gateways/install-programs.sh). Without names it takes about an hour on two cores.
 */
import { measure } from './measure.ts';
import { MEASUREMENTS } from './measurements.ts';

const names = process.argv.slice(2);
for (const measurement of MEASUREMENTS.filter(({ name }) => names.length === 0 || names.includes(name))) {
  measure(measurement);
}
