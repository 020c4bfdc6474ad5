/** The trials that measure one service: one control, then the rollouts. */
import { LocalCluster } from '../clusters/local/local-cluster.ts';
import type { LocalImage } from '../clusters/local/pod-spec.ts';
import { type ChosenGateway, onThisMachine } from '../gateways/way.ts';
import { builtinLoad } from '../load/builtin/builtin.ts';
import type { RequestMix } from '../load/request-mix.ts';
import type { Manifests } from '../manifests/manifests.ts';
import { ownEnvironment } from '../processes/own-environment.ts';
import { deriveSeed } from '../random.ts';
import { OWN } from '../results/trial-name.ts';
import { CONTROL, isControl, PAUSES } from '../trace/controls.ts';
import type { PlannedDisruption } from '../trace/disruption.ts';
import { Pace } from '../trials/pace.ts';
import { processorRoom } from '../trials/processor-room.ts';
import type { TrialsBackend } from '../trials/run-trials.ts';
import type { TrialPlan } from '../trials/trial.ts';

/** A service and the requests it gets. */
export interface Service {
  /** What reports call it. */
  server: string;
  manifests: Manifests;
  requestMix: RequestMix;
}

/** The cluster and the load generator, as results name them. */
export type Place = Pick<TrialPlan['identity'], 'cluster' | 'load'>;

/** The run that trials belong to, and the seed of its random choices. */
export interface Origin {
  run: string;
  seed: number;
}

const ROLLOUT: PlannedDisruption = { kind: 'rollout' };
const LOCAL: Place = { cluster: 'local', load: 'builtin' };

/** A service to measure on this machine. */
export interface LocalService extends Service {
  /** What runs in place of each container's image, by the container's name. */
  images: Readonly<Record<string, LocalImage>>;
  /** The port that the command listens on if it ignores PORT. */
  ownPort?: number | undefined;
  /** The folder or file of this machine that stands for a volume, by the volume's name. */
  volumes?: Readonly<Record<string, string>> | undefined;
  /** How many cores one trial is expected to keep busy; nobody knows before it has run. */
  coresEach: number;
}

/** Where the trials run, what happens to the pods, and the ways to them (undefined: direct). */
export interface PlannedRollouts {
  place?: Place;
  disruption?: PlannedDisruption;
  ways?: readonly (ChosenGateway | undefined)[];
  /** Adds a control with pauses behind each gateway. */
  pauses?: boolean | undefined;
}

/**
 * For each way to the pods one control (the same load for a while, without a disruption), then the rollouts or other
 * disruptions. Some servers fail now and then by themselves, because they recycle workers or close keep-alive
 * connections after a few seconds. Without the control, such failures would be blamed on the rollout; the two seconds of
 * load before a rollout are too short to show them.
 */
export function planRollouts(
  service: Service,
  repeats: number,
  origin: Origin,
  { place = LOCAL, disruption = ROLLOUT, ways = [undefined], pauses = false }: PlannedRollouts = {},
): TrialPlan[] {
  return ways.flatMap((gateway) => {
    const rollouts = Array.from({ length: repeats }, (_, repeat) => ({
      ...planTrial(service, OWN, repeat, origin, { ...place, gateway }),
      disruption,
    }));
    const controls = [CONTROL, ...(pauses && gateway ? [PAUSES] : [])];
    return [...controls.map((name) => planTrial(service, name, 0, origin, { ...place, gateway })), ...rollouts];
  });
}

/** One trial of the service: a control if that is its variant. */
export function planTrial(
  service: Service,
  variant: string,
  repeat: number,
  { run, seed }: Origin,
  { gateway, ...place }: Place & { gateway?: ChosenGateway | undefined } = LOCAL,
): TrialPlan {
  const { server, manifests, requestMix } = service;
  return {
    manifests,
    requestMix,
    control: isControl(variant),
    ...(variant === PAUSES && { pauses: true }),
    ...(gateway && { gateway }),
    identity: {
      runtime: OWN,
      runtimeVersion: '',
      variant,
      server,
      ...(gateway && { through: gateway.name }),
      repeat,
      ...place,
      seed: deriveSeed(seed, [variant, repeat, ...(gateway ? [gateway.name] : [])].join('/')),
      run,
    },
  };
}

/** Runs the service's trials on this machine, with the environment of this program. */
export function localServiceBackend({ images, ownPort, volumes, coresEach }: LocalService): TrialsBackend<TrialPlan> {
  const env = ownEnvironment();
  return {
    load: builtinLoad,
    pace: new Pace(processorRoom(coresEach)),
    mayMeasureAgain: true,
    clusterFor: ({ identity, gateway }) =>
      new LocalCluster({ images, ownPort, volumes, env, seed: identity.seed, gateway: onThisMachine(gateway) }),
  };
}
