/**
 * How long the whole local matrix takes, compared with the floor that the manifests' own seconds set: `npm run bench:wall-clock`.
 * A trial's floor: its pods become ready, the load settles, the rollout takes its seconds, the load goes on for a margin,
 * and its last requests, whose outcome counts, take theirs. What it takes beyond that is what Kubernetes takes by itself
 * (containers that start, the kubelet's lists, routers that learn), and what the program takes around it. `compare`
 * runs as many trials at a time as the processors bear, so the matrix takes at least as long as its longest trial; how many
 * ran at a time on average is the sum of all trials' times over the time of the matrix.
 */
import { VARIANTS } from '../src/manifests/overlays.ts';
import { CONTROL_MS, MARGIN_MS, SETTLE_MS, type TrialPlan } from '../src/trials/trial.ts';
import { longestRequestMs, readyFloorMs, rolloutFloorMs } from './floor.ts';
import { record } from './record.ts';
import { rollMany, SEED } from './rollouts.ts';
import { median, rounded } from './statistics.ts';

const variants = [...VARIANTS, 'control'] as const;
const { rollouts, wallMs } = await rollMany(variants, 1);

function floorMs({ control, manifests, requestMix }: TrialPlan): number {
  const loadMs = control ? CONTROL_MS : SETTLE_MS + rolloutFloorMs(manifests, requestMix) + MARGIN_MS;
  return readyFloorMs(manifests.workload.spec.template.spec) + loadMs + longestRequestMs(requestMix);
}

const floors = rollouts.map(({ trial }) => floorMs(trial));
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const seconds = (ms: number) => rounded(ms / 1000);
const rows = variants.map((variant) => {
  const own = rollouts.filter(({ trial }) => trial.identity.variant === variant);
  const floor = median(own.map(({ trial }) => floorMs(trial)));
  const took = median(own.map(({ tookMs }) => tookMs));
  const around = median(own.map(({ trial, aroundMs }) => aroundMs - longestRequestMs(trial.requestMix)));
  return {
    variant,
    trials: own.length,
    floorS: seconds(floor),
    tookS: seconds(took),
    aroundTrialS: seconds(around),
    ratio: rounded(took / floor),
  };
});
record('wall-clock', rows, {
  seed: SEED,
  matrix: {
    longestFloorS: seconds(Math.max(...floors)),
    tookS: seconds(wallMs),
    trialsAtATime: rounded(sum(rollouts.map(({ tookMs }) => tookMs)) / wallMs),
    invalid: rollouts.filter(({ result }) => !result.valid).length,
  },
});
