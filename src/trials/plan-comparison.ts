/** Which trials a comparison consists of, and in which order they run. */
import { impossible } from '../clusters/possible-disruption.ts';
import type { ChosenGateway } from '../gateways/way.ts';
import { effectiveStrategy } from '../kubernetes-rules/rounding.ts';
import type { RequestMix } from '../load/request-mix.ts';
import { overlayFolder, readKustomization } from '../manifests/kustomization.ts';
import { type Manifests, readManifests } from '../manifests/manifests.ts';
import { overlayName, type Runtime, type Variant } from '../manifests/overlays.ts';
import { deriveSeed, seededRandom } from '../random.ts';
import { type CONTROL, isControl, PAUSES } from '../trace/controls.ts';
import type { PlannedDisruption } from '../trace/disruption.ts';
import type { RuntimeUnderTest } from './runtimes.ts';
import type { TrialPlan } from './trial.ts';
import { orderTrials } from './trial-order.ts';

/** A variant, or a control: the valid overlay without a rollout, under the same load or with pauses between requests. */
export type ComparedVariant = Variant | typeof CONTROL | typeof PAUSES;

export interface ComparisonOptions {
  runtimes: readonly RuntimeUnderTest[];
  variants: readonly ComparedVariant[];
  /** Each variant is measured on each of these ways to the pods; undefined, which is the default, is the direct one. */
  ways?: readonly (ChosenGateway | undefined)[];
  repeats: number;
  requestMix: RequestMix;
  /** What is done to the pods; by default, a rollout. */
  disruption?: PlannedDisruption;
  /** Leaves out variants on which the disruption has no effect. */
  onlyPossible?: boolean;
  load: 'builtin' | 'k6';
  cluster: string;
  seed: number;
  /** The id of the run. */
  run: string;
}

export interface PlannedTrial extends TrialPlan {
  runtime: RuntimeUnderTest;
}

/** Every runtime in every variant, `repeats` times. Which of several like each other begins first is random. */
export async function planTrials(options: ComparisonOptions): Promise<PlannedTrial[]> {
  const {
    runtimes,
    variants,
    ways = [undefined],
    repeats,
    requestMix,
    disruption,
    onlyPossible,
    load,
    cluster,
    seed,
    run,
  } = options;
  const trials: PlannedTrial[] = [];
  for (const runtime of runtimes) {
    for (const variant of variants) {
      const manifests = await overlayManifests(runtime.name, isControl(variant) ? 'valid' : variant);
      if (onlyPossible && !isControl(variant) && disruption && hasNoEffect(disruption, manifests)) continue;
      // Pauses show what a gateway does.
      const its = variant === PAUSES ? ways.filter((way) => way !== undefined) : ways;
      const repeated = its.flatMap((gateway) =>
        Array.from({ length: repeats }, (_, repeat) => ({
          runtime,
          manifests,
          requestMix,
          control: isControl(variant),
          ...(variant === PAUSES && { pauses: true }),
          ...(disruption && { disruption }),
          ...(gateway && { gateway }),
          identity: {
            runtime: runtime.name,
            runtimeVersion: runtime.version,
            variant,
            ...(gateway && { through: gateway.name }),
            repeat,
            cluster,
            load,
            seed: deriveSeed(seed, [runtime.name, variant, repeat, ...(gateway ? [gateway.name] : [])].join('/')),
            run,
          },
        })),
      );
      trials.push(...repeated);
    }
  }
  return orderTrials(seededRandom(deriveSeed(seed, 'order')).shuffle(trials));
}

function hasNoEffect(disruption: PlannedDisruption, { workload }: Manifests): boolean {
  const { replicas } = effectiveStrategy(workload);
  return impossible(disruption, { kind: workload.kind, replicas }) !== undefined;
}

async function overlayManifests(runtime: Runtime, variant: Variant): Promise<Manifests> {
  const overlay = overlayName(runtime, variant);
  return readManifests((await readKustomization(overlayFolder(overlay))).yaml, `kustomize/overlays/${overlay}`);
}
