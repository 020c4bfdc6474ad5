/** The specification of a pod on the local cluster: the manifest, and the commands that replace its images. */
import { posix } from 'node:path';
import type { InstalledGateway } from '../../gateways/way.ts';
import type { EnvironmentSources } from '../../kubernetes-rules/environment-variables.ts';
import { isSidecar, lastingContainers } from '../../kubernetes-rules/init-containers.ts';
import type { Container, PodSpec as PodManifest } from '../../kubernetes-rules/objects.ts';
import { askedByPreStop, needsWrittenPorts, type PodPorts } from '../../kubernetes-rules/ports.ts';
import { stopSignalOf } from '../../kubernetes-rules/stop-signal.ts';
import { environmentSources } from '../../manifests/environment-sources.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import type { Mount } from '../../processes/mounts.ts';
import type { ContainerSpec } from './container-spec.ts';
import { assertEnvironment } from './environment-check.ts';
import type { ContainerRole } from './pod-order.ts';
import type { Timings } from './timings.ts';

export interface PodSpec {
  /** The app's containers, then the init containers and native sidecars. */
  containers: readonly ContainerSpec[];
  gracePeriodMs: number;
  /** The environment that each container inherits. */
  env: Readonly<Record<string, string>>;
  sources: EnvironmentSources;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  serviceAccount: string;
  /** The container port that the Service sends traffic to. */
  servedPort: number;
  /** The port that the server listens on regardless of PORT; each pod then has a network of its own. */
  ownPort?: number | undefined;
}

export interface LocalClusterOptions {
  /** What replaces each container's image, by the container's name. */
  images: Readonly<Record<string, LocalImage>>;
  /** The environment that each container inherits; by default only PATH. */
  env?: Readonly<Record<string, string>>;
  /** The port that the command listens on regardless of PORT; each pod then gets a network of its own. */
  ownPort?: number | undefined;
  /** The folder or file of this machine that stands for a volume, by the volume's name. */
  volumes?: Readonly<Record<string, string>> | undefined;
  seed: number;
  timings?: Timings;
  /** The gateway that the load goes through; by default, none. */
  gateway?: InstalledGateway | undefined;
}

/** The command that replaces an image on this machine. */
export interface LocalImage {
  command: readonly string[];
  /** The image's stop signal, like STOPSIGNAL in a Dockerfile; SIGTERM by default. */
  stopSignal?: NodeJS.Signals | undefined;
  /** It does nothing, instead of an image that cannot run here. An init container is then not run at all. */
  standIn?: boolean | undefined;
}

/**
 * @throws InputError if a container could not be created in Kubernetes because of its environment
 * @throws Error if nothing replaces the image of a container
 */
export function podSpec(manifests: Manifests, ports: PodPorts, options: LocalClusterOptions): PodSpec {
  const { metadata, spec } = manifests.workload.spec.template;
  const sources = environmentSources(manifests);
  const { env, ownPort } = options;
  const lasting = lastingContainers<Container>(spec);
  const containers = containersOf(spec).map(([manifest, role]) => ({
    ...containerSpec(manifest, role, ports, options),
    asks: askedByPreStop(manifest, lasting),
  }));
  assertEnvironment(manifests, options.images);
  return {
    containers,
    gracePeriodMs: spec.terminationGracePeriodSeconds * 1000,
    env: env ?? { PATH: process.env.PATH ?? '' },
    sources,
    labels: metadata?.labels ?? {},
    annotations: metadata?.annotations ?? {},
    serviceAccount: spec.serviceAccountName || 'default',
    servedPort: ports.served,
    ownPort,
  };
}

/**
 * Whether a pod needs a network of its own: its containers find each other on localhost, or a probe or a hook finds its
 * server, at a port of the manifest.
 */
export function needsOwnNetwork({ containers, servedPort, ownPort }: PodSpec): boolean {
  const commands = containers.filter(({ standIn }) => !standIn);
  return (
    ownPort !== undefined ||
    commands.filter(({ role }) => role !== 'init').length > 1 ||
    commands.some(({ manifest }) => needsWrittenPorts(manifest, servedPort))
  );
}

function containersOf({ containers, initContainers = [] }: PodManifest): [Container, ContainerRole][] {
  return [
    ...containers.map((manifest): [Container, ContainerRole] => [manifest, 'app']),
    ...initContainers.map((manifest): [Container, ContainerRole] => [
      manifest,
      isSidecar(manifest) ? 'sidecar' : 'init',
    ]),
  ];
}

function containerSpec(
  manifest: Container,
  role: ContainerRole,
  ports: PodPorts,
  { images, volumes = {} }: LocalClusterOptions,
): Omit<ContainerSpec, 'asks'> {
  const image = images[manifest.name];
  if (!image) throw new Error(`nothing replaces the image of container ${manifest.name}`);
  const { command, standIn = false } = image;
  const stopSignal = (stopSignalOf(manifest) as NodeJS.Signals | undefined) ?? image.stopSignal ?? 'SIGTERM';
  const mounts = standIn ? [] : mountsOf(manifest, volumes);
  const { workingDir } = manifest;
  return {
    manifest,
    role,
    command,
    stopSignal,
    standIn,
    serves: role !== 'init' && manifest.name === ports.servedBy,
    mounts,
    workingDir: mounts.some(({ target }) => isBelow(workingDir, target)) ? workingDir : undefined,
  };
}

/** The mounts of the volumes that a folder stands for, outer paths first. */
function mountsOf({ volumeMounts = [] }: Container, volumes: Readonly<Record<string, string>>): Mount[] {
  return volumeMounts
    .flatMap(({ name, mountPath, subPath, readOnly = false }) => {
      const folder = Object.hasOwn(volumes, name) ? volumes[name] : undefined;
      if (folder === undefined) return [];
      return [{ source: posix.join(folder, subPath ?? ''), target: posix.resolve('/', mountPath), readOnly }];
    })
    .sort((a, b) => a.target.length - b.target.length);
}

function isBelow(path: string | undefined, folder: string): boolean {
  return path !== undefined && `${posix.resolve('/', path)}/`.startsWith(`${folder}/`);
}
