/** What the pods of the local cluster are made of: the manifest, and what stands for its images on this machine. */
import type { PodPorts } from '../../kubernetes-rules/ports.ts';
import { stopSignalOf } from '../../kubernetes-rules/stop-signal.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import type { ContainerSpec } from './container.ts';
import type { PodSpec } from './pod.ts';
import type { Timings } from './timings.ts';

export interface LocalClusterOptions {
  /** What stands for each container's image, by the container's name. */
  images: Readonly<Record<string, LocalImage>>;
  /** What each container's environment starts from; by default the PATH alone. */
  env?: Readonly<Record<string, string>>;
  /** The port the command listens on whatever PORT says; each pod then has a network of its own. */
  ownPort?: number | undefined;
  seed: number;
  timings?: Timings;
}

/** What runs on this machine in the place of an image. */
export interface LocalImage {
  command: readonly string[];
  /** The signal that asks it to stop, as STOPSIGNAL of a Dockerfile; SIGTERM where none is given. */
  stopSignal?: NodeJS.Signals | undefined;
  /** It does nothing, in the place of an image that does not run here. */
  standIn?: boolean | undefined;
}

/** @throws Error when nothing stands for the image of a container */
export function podSpec(manifests: Manifests, ports: PodPorts, { images, env, ownPort }: LocalClusterOptions): PodSpec {
  const { containers, terminationGracePeriodSeconds } = manifests.workload.spec.template.spec;
  return {
    containers: containers.map((manifest): ContainerSpec => {
      const image = images[manifest.name];
      if (!image) throw new Error(`nothing stands for the image of container ${manifest.name}`);
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
