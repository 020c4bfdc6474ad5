/** Which trials a comparison consists of, and in which order they run. */
import type { RequestMix } from '../load/request-mix.ts';
import { overlayFolder, readKustomization } from '../manifests/kustomization.ts';
import { type Manifests, readManifests } from '../manifests/manifests.ts';
import { overlayName, type Runtime, type Variant } from '../manifests/overlays.ts';
import { deriveSeed, seededRandom } from '../random.ts';
import type { RuntimeUnderTest } from './runtimes.ts';
import type { TrialPlan } from './trial.ts';

/** A variant, or the control: the valid overlay under the same load without a rollout. */
export type ComparedVariant = Variant | 'control';

export interface ComparisonOptions {
  runtimes: readonly RuntimeUnderTest[];
  variants: readonly ComparedVariant[];
  repeats: number;
  requestMix: RequestMix;
  load: 'builtin' | 'k6';
  cluster: string;
  seed: number;
  /** The id of the run. */
  run: string;
}

export interface PlannedTrial extends TrialPlan {
  runtime: RuntimeUnderTest;
}

/** Every runtime in every variant, `repeats` times, in random order, so that no drift of the machine favours one. */
export function planTrials(options: ComparisonOptions): PlannedTrial[] {
  const { runtimes, variants, repeats, requestMix, load, cluster, seed, run } = options;
  const trials = runtimes.flatMap((runtime) =>
    variants.flatMap((variant) => {
      const manifests = overlayManifests(runtime.name, variant === 'control' ? 'valid' : variant);
      return Array.from({ length: repeats }, (_, repeat) => ({
        runtime,
        manifests,
        requestMix,
        control: variant === 'control',
        identity: {
          runtime: runtime.name,
          runtimeVersion: runtime.version,
          variant,
          repeat,
          cluster,
          load,
          seed: deriveSeed(seed, `${runtime.name}/${variant}/${repeat}`),
          run,
        },
      }));
    }),
  );
  return seededRandom(deriveSeed(seed, 'order')).shuffle(trials);
}

function overlayManifests(runtime: Runtime, variant: Variant): Manifests {
  const overlay = overlayName(runtime, variant);
  return readManifests(readKustomization(overlayFolder(overlay)).yaml, `kustomize/overlays/${overlay}`);
}
