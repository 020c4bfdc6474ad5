/**
 * Whether the printed bounds cover the truth: `npm run bench:honest-bound`. Simulates rollouts whose failure rates are
 * known, and counts how often the bound computed from what was seen lies at or above the rate. A bound of 95 % confidence must do so
 * in at least 95 % of the cases.
 */
import { upperBound } from '../src/analysis/bounds.ts';
import { type Random, seededRandom } from '../src/random.ts';
import { record } from './record.ts';

const SIMULATIONS = 20_000;
const REQUESTS_PER_POD = 1800;
const random = seededRandom(1);

/** How many of `n` happen, each with probability p: the gaps between them are geometric. */
function binomial(n: number, p: number, { next }: Random): number {
  if (p <= 0) return 0;
  let count = 0;
  for (let at = -1; ; count++) {
    at += 1 + Math.floor(Math.log(1 - next()) / Math.log(1 - p));
    if (at >= n) return count;
  }
}

/** Requests cut by one pod that breaks: at least one, 20 on average. */
function bunch({ next }: Random): number {
  return Math.min(REQUESTS_PER_POD, 1 + Math.floor(Math.log(1 - next()) / Math.log(1 - 1 / 20)));
}

function coverage(covers: () => boolean): number {
  let covered = 0;
  for (let i = 0; i < SIMULATIONS; i++) if (covers()) covered++;
  return covered / SIMULATIONS;
}

const rows: object[] = [];
for (const exposed of [1000, 5000, 50_000]) {
  for (const rate of [0, 0.00002, 0.0002, 0.002, 0.02]) {
    const covered = coverage(() => upperBound(binomial(exposed, rate, random), exposed) >= rate);
    rows.push({ failures: 'each by itself', bound: 'of requests', pods: '', exposed, rate, covered });
  }
}
for (const pods of [3, 9, 30, 300]) {
  for (const share of [0.01, 0.1, 0.5]) {
    const rate = (share * 20) / REQUESTS_PER_POD;
    const exposed = pods * REQUESTS_PER_POD;
    let requestsCovered = 0;
    const podsCovered = coverage(() => {
      const broken = binomial(pods, share, random);
      const failed = Array.from({ length: broken }, () => bunch(random)).reduce((sum, size) => sum + size, 0);
      if (upperBound(failed, exposed) >= rate) requestsCovered++;
      return upperBound(broken, pods) >= share;
    });
    rows.push({ failures: 'in bunches', bound: 'of pods replaced', pods, exposed, rate: share, covered: podsCovered });
    const covered = requestsCovered / SIMULATIONS;
    rows.push({ failures: 'in bunches', bound: 'of requests', pods, exposed, rate, covered });
  }
}
record('honest-bound', rows, { simulations: SIMULATIONS, confidence: 0.95 });
