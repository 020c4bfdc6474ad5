/** A trial's result for tests that only care about some of its fields. */
import { upperBound } from '../../src/analysis/bounds.ts';
import { type CauseCounts, countCauses } from '../../src/analysis/causes.ts';
import type { TrialResult } from '../../src/analysis/result.ts';

/** Node's valid variant, clean, with 3000 exposed requests and 3 pods replaced; `failed` follows from the causes. */
export function trialResult({
  causes,
  ...fields
}: Partial<Omit<TrialResult, 'causes'>> & { causes?: Partial<CauseCounts> } = {}): TrialResult {
  const counts = { ...countCauses([]), ...causes };
  const failed = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const exposed = fields.exposed ?? 3000;
  return {
    runtime: 'node',
    runtimeVersion: '26.10.0',
    variant: 'valid',
    through: 'direct',
    repeat: 0,
    cluster: 'local',
    load: 'builtin',
    valid: true,
    invalidReasons: [],
    podsReplaced: 3,
    requests: exposed + 1000,
    exposed,
    failed,
    failedBefore: 0,
    dropped: 0,
    failedByScenario: {},
    causes: counts,
    failedUpperBound: upperBound(failed, exposed),
    longestOutageMs: 0,
    hiddenRetries: 0,
    connectionReuse: 0.99,
    latencyMs: { p50: 1, p99: 5, max: 20 },
    pid1: true,
    routingLagMs: 500,
    rolloutMs: 20_000,
    ...fields,
  };
}
