/** Which trials measure one service: rollouts, and a control. */
import { LocalCluster } from '../clusters/local/local-cluster.ts';
import type { LocalImage } from '../clusters/local/pod-spec.ts';
import { builtinLoad } from '../load/builtin/builtin.ts';
import type { RequestMix } from '../load/request-mix.ts';
import type { Manifests } from '../manifests/manifests.ts';
import { ownEnvironment } from '../processes/own-environment.ts';
import { deriveSeed } from '../random.ts';
import { CONTROL, OWN } from '../results/trial-name.ts';
import type { TrialsBackend } from '../trials/run-trials.ts';
import type { TrialPlan } from '../trials/trial.ts';

/** A service and the requests it gets. */
export interface Service {
  /** What reports call it. */
  server: string;
  manifests: Manifests;
  requestMix: RequestMix;
}

/** Where its trials run and what loads them, as results name them. */
export type Place = Pick<TrialPlan['identity'], 'cluster' | 'load'>;

/** The run that trials belong to, and the seed of its random choices. */
export interface Origin {
  run: string;
  seed: number;
}

const LOCAL: Place = { cluster: 'local', load: 'builtin' };

/** A service as it is measured on this machine. */
export interface LocalService extends Service {
  /** What stands for each container's image, by the container's name. */
  images: Readonly<Record<string, LocalImage>>;
  /** The port the command listens on whatever PORT says. */
  ownPort?: number | undefined;
  /** Trials that this machine can run at a time. */
  atATime: number;
}

/**
 * The rollouts, and before them one control: the same load for a while without a rollout. A server that fails now and
 * then by itself (it recycles its workers, it closes kept connections after some seconds) would otherwise have that
 * taken for the rollout's doing, and the two seconds of load before a rollout are too short to show it.
 */
export function planRollouts(service: Service, repeats: number, origin: Origin, place = LOCAL): TrialPlan[] {
  const rollouts = Array.from({ length: repeats }, (_, repeat) => planTrial(service, OWN, repeat, origin, place));
  return [planTrial(service, CONTROL, 0, origin, place), ...rollouts];
}

/** One trial of the service; a control where that is its variant. */
export function planTrial(
  service: Service,
  variant: string,
  repeat: number,
  { run, seed }: Origin,
  place: Place = LOCAL,
): TrialPlan {
  const { server, manifests, requestMix } = service;
  return {
    manifests,
    requestMix,
    control: variant === CONTROL,
    identity: {
      runtime: OWN,
      runtimeVersion: '',
      variant,
      server,
      repeat,
      ...place,
      seed: deriveSeed(seed, `${variant}/${repeat}`),
      run,
    },
  };
}

/** Where the service's trials run: on this machine, with this program's environment. */
export function localServiceBackend({ images, ownPort, atATime }: LocalService): TrialsBackend<TrialPlan> {
  const env = ownEnvironment();
  return {
    load: builtinLoad,
    atATime,
    clusterFor: ({ identity }) => new LocalCluster({ images, ownPort, env, seed: identity.seed }),
  };
}
