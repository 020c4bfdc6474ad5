/**
 * How long the whole local matrix takes, compared with the floor that the manifests' own seconds set: `npm run bench:wall-clock`.
 * A trial's floor: its pods become ready, the load settles, the rollout takes its seconds, the load goes on for a margin,
 * and its last requests, whose outcome counts, take theirs. What it takes beyond that is what Kubernetes takes by itself
 * (containers that start, the kubelet's lists, routers that learn), and what the program takes around it. The matrix's floor:
 * all trials' floors, packed without a gap into as many lanes as `compare` uses.
 */
import { VARIANTS } from '../src/manifests/overlays.ts';
import { CONTROL_MS, MARGIN_MS, SETTLE_MS, type TrialPlan } from '../src/trials/trial.ts';
import { longestRequestMs, readyFloorMs, rolloutFloorMs } from './floor.ts';
import { record } from './record.ts';
import { rollMany, SEED } from './rollouts.ts';
import { median, rounded } from './statistics.ts';

const variants = [...VARIANTS, 'control'] as const;
const { rollouts, atATime, wallMs } = await rollMany(variants, 1);

function floorMs({ control, manifests, requestMix }: TrialPlan): number {
  const loadMs = control ? CONTROL_MS : SETTLE_MS + rolloutFloorMs(manifests, requestMix) + MARGIN_MS;
  return readyFloorMs(manifests.workload.spec.template.spec) + loadMs + longestRequestMs(requestMix);
}

const floors = rollouts.map(({ trial }) => floorMs(trial));
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const matrixFloorMs = Math.max(sum(floors) / atATime, ...floors);
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
  atATime,
  matrix: { floorS: seconds(matrixFloorMs), tookS: seconds(wallMs), ratio: rounded(wallMs / matrixFloorMs) },
});
