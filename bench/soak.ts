/**
 * Whether the valid variants stay clean over many rollouts: `npm run bench:soak -- [ROLLOUTS]`, 111 of each runtime unless
 * said otherwise, which is a million requests on each and takes an hour on two cores.
 */
import { upperBound } from '../src/analysis/bounds.ts';
import type { TrialResult } from '../src/analysis/result.ts';
import { RUNTIMES } from '../src/manifests/overlays.ts';
import { record } from './record.ts';
import { rollMany, SEED } from './rollouts.ts';

const repeats = Number(process.argv[2] ?? 111);
const { rollouts } = await rollMany(['valid'], repeats);
const results = rollouts.map(({ result }) => result);

const rows = RUNTIMES.map((runtime) => {
  const own = results.filter((result) => result.runtime === runtime);
  // Invalid trials are counted separately.
  const valid = own.filter((result) => result.valid);
  const sum = (value: (result: TrialResult) => number) => valid.reduce((total, result) => total + value(result), 0);
  const [requests, exposed, failed, pods] = [
    sum((result) => result.requests),
    sum((result) => result.exposed),
    sum((result) => result.failed),
    sum((result) => result.podsReplaced),
  ];
  return {
    runtime,
    rollouts: valid.length,
    invalidRollouts: own.length - valid.length,
    podsReplaced: pods,
    requests,
    exposed,
    failed,
    failedInInvalid: own.filter((result) => !result.valid).reduce((total, result) => total + result.failed, 0),
    requestBound: upperBound(failed, exposed),
    podBound: failed === 0 ? upperBound(0, pods) : undefined,
  };
});
record('soak', rows, { seed: SEED, confidence: 0.95 });
