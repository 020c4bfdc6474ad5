/** The specification of a pod on the local cluster: the manifest, and the commands that replace its images. */
import type { PodPorts } from '../../kubernetes-rules/ports.ts';
import { stopSignalOf } from '../../kubernetes-rules/stop-signal.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import type { ContainerSpec } from './container.ts';
import type { PodSpec } from './pod.ts';
import type { Timings } from './timings.ts';

export interface LocalClusterOptions {
  /** What replaces each container's image, by the container's name. */
  images: Readonly<Record<string, LocalImage>>;
  /** The environment that each container inherits; by default only PATH. */
  env?: Readonly<Record<string, string>>;
  /** The port that the command listens on regardless of PORT; each pod then gets a network of its own. */
  ownPort?: number | undefined;
  seed: number;
  timings?: Timings;
}

/** The command that replaces an image on this machine. */
export interface LocalImage {
  command: readonly string[];
  /** The image's stop signal, like STOPSIGNAL in a Dockerfile; SIGTERM by default. */
  stopSignal?: NodeJS.Signals | undefined;
  /** It does nothing, instead of an image that cannot run here. */
  standIn?: boolean | undefined;
}

/** @throws Error if nothing replaces the image of a container */
export function podSpec(manifests: Manifests, ports: PodPorts, { images, env, ownPort }: LocalClusterOptions): PodSpec {
  const { containers, terminationGracePeriodSeconds } = manifests.workload.spec.template.spec;
  return {
    containers: containers.map((manifest): ContainerSpec => {
      const image = images[manifest.name];
      if (!image) throw new Error(`nothing replaces the image of container ${manifest.name}`);
      const { command, standIn = false } = image;
      const stopSignal = (stopSignalOf(manifest) as NodeJS.Signals | undefined) ?? image.stopSignal ?? 'SIGTERM';
      return { manifest, command, stopSignal, standIn, serves: manifest.name === ports.servedBy };
    }),
    gracePeriodMs: terminationGracePeriodSeconds * 1000,
    env: env ?? { PATH: process.env.PATH ?? '' },
    servedPort: ports.served,
    ownPort,
  };
}
