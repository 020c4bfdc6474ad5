/** The way of the requests to the pods: direct, or through the gateway that `--through` names. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { EnvironmentError, InputError } from '../errors.ts';
import { runProgram } from '../processes/external-program.ts';
import { DIRECT } from '../trace/trace.ts';
import type { GatewayKind } from './gateway.ts';
import { versionOfImage } from './image-version.ts';
import type { ControllerWay, LoggedWay } from './installed/controller-way.ts';
import { GATEWAYS, gatewayNamed } from './registry.ts';

/** Sends to the Service's address instead of to the pods, as a reverse proxy that is an ordinary Deployment does. */
const TO_SERVICE = 'service';

/** What `--through` takes, without `:service`. */
export const WAYS: readonly string[] = [DIRECT, ...GATEWAYS.map(({ name }) => name)];

export interface GatewayWay {
  /** In results and file names: "nginx", or "nginx-service" for `nginx:service`. */
  name: string;
  kind: GatewayKind;
  upstream: 'pods' | 'service';
}

export interface GatewayChoices {
  retries?: number | undefined;
  fragment?: string | undefined;
}

/** A gateway with its program on this machine. */
export interface InstalledGateway extends GatewayWay, GatewayChoices {
  /** The path of the program. */
  binary: string;
  version: string;
}

/** A gateway that each trial on a cluster starts in its own namespace. */
export interface ClusterGateway extends GatewayWay, GatewayChoices {
  image: string;
  version: string;
}

export type ChosenGateway = InstalledGateway | ClusterGateway | ControllerWay | LoggedWay;

/** @throws Error for a gateway of a cluster, which no trial on this machine has */
export function onThisMachine(gateway: ChosenGateway | undefined): InstalledGateway | undefined {
  if (gateway && !('binary' in gateway)) throw new Error(`${gateway.name} is for a cluster`);
  return gateway;
}

/** @throws Error for a program of this machine, which no trial on a cluster has */
export function onCluster(gateway: ChosenGateway | undefined): ClusterGateway | undefined {
  if (gateway && !('image' in gateway)) throw new Error(`${gateway.name} has no image`);
  return gateway;
}

/**
 * Reads one name of `--through`.
 * @returns undefined for "direct"
 * @throws InputError for anything else that is not a gateway
 */
export function wayNamed(name: string): GatewayWay | undefined {
  if (name === DIRECT) return undefined;
  const [kindName = '', upstream, ...rest] = name.split(':');
  const kind = gatewayNamed(kindName);
  if (!kind || rest.length > 0 || (upstream !== undefined && upstream !== TO_SERVICE)) {
    throw new InputError(
      `--through ${name}: there is no such way; there are ${WAYS.join(', ')}, and NAME:${TO_SERVICE}`,
    );
  }
  const toService = upstream === TO_SERVICE;
  return { name: toService ? `${kindName}-${TO_SERVICE}` : kindName, kind, upstream: toService ? 'service' : 'pods' };
}

/**
 * The same way on a cluster. What a gateway sends to is given there: a reverse proxy without a controller sends to the
 * Service's address, whatever its name in `--through` says.
 * @param image another image than the official one (--gateway-image)
 * @throws InputError if it cannot send there
 */
export function clusterGateway(
  { kind, upstream: wanted }: GatewayWay,
  { image = kind.inCluster.image, ...choices }: GatewayChoices & { image?: string | undefined } = {},
): ClusterGateway {
  const { upstream } = kind.inCluster;
  if (wanted === TO_SERVICE && upstream !== TO_SERVICE) {
    throw new InputError(
      `--through ${kind.name}:${TO_SERVICE}: on a cluster, ${kind.title} sends to the pods: write ${kind.name}`,
    );
  }
  if (choices.fragment !== undefined && kind.inCluster.takesSettings === false) {
    throw new InputError(
      `--gateway-config: on a cluster, ${kind.title} is configured by an Ingress and takes no settings of your own`,
    );
  }
  const name = upstream === TO_SERVICE ? `${kind.name}-${TO_SERVICE}` : kind.name;
  return { name, kind, upstream, ...choices, image, version: versionOfImage(image) };
}

const VERSION_LIMITS = { limitMs: 10_000, maxOutputBytes: 100_000 };

/**
 * Finds the gateway's program and asks for its version.
 * @param path where the user says that it is (--gateway-binary); by default it is searched on the PATH
 * @throws EnvironmentError where it is missing or does not run
 */
export async function installedGateway(
  way: GatewayWay,
  { path, signal, ...own }: GatewayChoices & { path?: string; signal?: AbortSignal },
): Promise<InstalledGateway> {
  const { kind } = way;
  const binary = path === undefined ? onPath(kind.program) : resolve(path);
  if (binary === undefined || !isProgram(binary)) {
    const where = path === undefined ? 'is not on the PATH' : `is not at ${path}, or cannot be executed`;
    throw new EnvironmentError(
      `${kind.title} ${where}: install it with ${kind.install}, or name it with --gateway-binary ${kind.name}=PATH`,
    );
  }
  const { stdout, stderr, failure } = await runProgram([binary, ...kind.versionArguments], {
    ...VERSION_LIMITS,
    signal,
  });
  const version = kind.versionPattern.exec(`${stdout}\n${stderr}`)?.[1];
  if (version === undefined) {
    throw new EnvironmentError(`${binary}: ${failure ?? `does not print a version of ${kind.title}`}`);
  }
  return { ...way, ...own, binary, version };
}

function onPath(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, program)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
