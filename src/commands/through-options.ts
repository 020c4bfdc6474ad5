/** The options that put a gateway between the load and the pods. */
import { Option } from 'commander';
import type { ClusterWay } from '../clusters/kubernetes/gateways/chosen-gateways.ts';
import { InputError } from '../errors.ts';
import { type ControllerFlags, controllerWay } from '../gateways/installed/controller-way.ts';
import {
  clusterGateway,
  type GatewayWay,
  type InstalledGateway,
  installedGateway,
  WAYS,
  wayNamed,
} from '../gateways/way.ts';
import { readRegularFile } from '../regular-file.ts';
import { whole } from './argument-parsers.ts';

export interface ThroughFlags extends ControllerFlags {
  through?: readonly (GatewayWay | undefined)[];
  gatewayBinary?: readonly ProgramPath[];
  gatewayConfig?: string;
  gatewayRetries?: number;
  gatewayImage?: readonly GatewayImage[];
}

/** The image of a gateway on a cluster. */
interface GatewayImage {
  name: string;
  image: string;
}

/** Where the program of a gateway is. */
interface ProgramPath {
  name: string;
  path: string;
}

const MAX_RETRIES = 10;
const MAX_FRAGMENT_BYTES = 1 << 20;

export function throughOptions(): Option[] {
  return [
    new Option(
      '--through <names>',
      `send the load through these gateways, comma-separated: ${WAYS.join(', ')}; NAME:service puts one before the Service's address`,
    )
      .argParser(ways)
      .conflicts('findFix'),
    new Option(
      '--gateway-binary <name=path>',
      'the program of a gateway that is not on the PATH; repeat for more',
    ).argParser((text: string, before: ProgramPath[] = []) => [...before, programPath(text)]),
    new Option('--gateway-config <file>', 'settings of your own for the gateway; docs/gateways.md says where they go'),
    new Option(
      '--gateway-retries <n>',
      'how often the gateway may send a request again; 0 for never (default: what it does by itself)',
    ).argParser(whole(0, MAX_RETRIES)),
  ];
}

/**
 * Belong to the options for `--on kubernetes`.
 * @param onlyWith begins what they do
 * @param logsOf whose log is read
 */
export function clusterGatewayOptions({ onlyWith = '', logsOf = 'its access log' } = {}): Option[] {
  return [
    new Option(
      '--gateway-image <name=image>',
      `${onlyWith}the image of a gateway of --through (default: its official image); repeat for more`,
    ).argParser((text: string, before: GatewayImage[] = []) => [...before, gatewayImage(text)]),
    new Option(
      '--ingress-class <name>',
      `${onlyWith}send the load through the controller of this IngressClass: each trial creates an Ingress`,
    ).conflicts('gateway'),
    new Option(
      '--gateway <namespace/name>',
      `${onlyWith}send the load through this Gateway of the Gateway API: each trial creates an HTTPRoute`,
    ),
    new Option(
      '--gateway-service <namespace/name>',
      `${onlyWith}the Service of that controller (default: the address in the status of the Ingress or Gateway)`,
    ),
    new Option(
      '--gateway-logs <namespace/name>',
      `the Deployment or DaemonSet that writes ${logsOf}; without it, most failures stay unexplained`,
    ),
  ];
}

/**
 * The ways to measure on a cluster, where images take the place of programs. Undefined stands for the direct one.
 * @throws InputError for settings that no gateway takes, and for a way that there is not on a cluster
 */
export function clusterWays(flags: ThroughFlags): readonly ClusterWay[] {
  if (flags.gatewayBinary) {
    throw new InputError('--gateway-binary is for --on local: on a cluster, use --gateway-image');
  }
  const controller = controllerWay(flags);
  const { through = controller ? [] : [undefined], gatewayImage = [], gatewayConfig, gatewayRetries: retries } = flags;
  assertUsed(flags, through);
  const fragment = gatewayConfig === undefined ? undefined : fragmentOf(gatewayConfig);
  const found = through.map((way) => {
    const image = gatewayImage.find(({ name }) => name === way?.kind.name)?.image;
    return way && clusterGateway(way, { retries, fragment, image });
  });
  // nginx and nginx:service are the same there.
  const ways = found.filter((way, index) => found.findIndex((other) => other?.name === way?.name) === index);
  return controller ? [...ways, controller] : ways;
}

/**
 * The ways to measure, each with its program found. Undefined stands for the direct one.
 * @throws InputError for settings that no gateway takes; EnvironmentError where a program is missing
 */
export async function installedWays(
  flags: ThroughFlags,
  signal?: AbortSignal,
): Promise<readonly (InstalledGateway | undefined)[]> {
  const { through = [undefined], gatewayBinary = [], gatewayConfig, gatewayRetries: retries } = flags;
  assertUsed(flags, through);
  const fragment = gatewayConfig === undefined ? undefined : fragmentOf(gatewayConfig);
  const found: (InstalledGateway | undefined)[] = [];
  for (const way of through) {
    const path = gatewayBinary.find(({ name }) => name === way?.kind.name)?.path;
    const own = { retries, fragment, ...(path !== undefined && { path }), ...(signal && { signal }) };
    found.push(way && (await installedGateway(way, own)));
  }
  return found;
}

function assertUsed(
  { gatewayBinary = [], gatewayImage = [], gatewayConfig, gatewayRetries }: ThroughFlags,
  through: readonly (GatewayWay | undefined)[],
): void {
  const gateways = through.filter((way) => way !== undefined);
  const given = Object.entries({ 'gateway-config': gatewayConfig, 'gateway-retries': gatewayRetries }).find(
    ([, value]) => value !== undefined,
  );
  if (given && gateways.length === 0) throw new InputError(`--${given[0]} is for a gateway: name one with --through`);
  if (gatewayConfig !== undefined && new Set(gateways.map(({ kind }) => kind.name)).size > 1) {
    throw new InputError('--gateway-config: each gateway has a syntax of its own; name one gateway with --through');
  }
  for (const [option, given] of Object.entries({ 'gateway-binary': gatewayBinary, 'gateway-image': gatewayImage })) {
    const stray = given.find(({ name }) => !gateways.some(({ kind }) => kind.name === name));
    if (stray) throw new InputError(`--${option} ${stray.name}=…: --through does not name ${stray.name}`);
  }
}

function fragmentOf(file: string): string {
  const text = readRegularFile(file, { maxBytes: MAX_FRAGMENT_BYTES, mayBeLink: true });
  if (text === undefined) throw new InputError(`--gateway-config ${file}: there is no such file`);
  return text;
}

function ways(text: string): readonly (GatewayWay | undefined)[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  return names.map(wayNamed);
}

function gatewayImage(text: string): GatewayImage {
  const [, name, image] = /^([a-z]+)=([\w./:@-]+)$/.exec(text) ?? [];
  if (name === undefined || image === undefined) {
    throw new InputError(`--gateway-image ${text}: write it as NAME=IMAGE, for example nginx=nginx:1.31.3`);
  }
  return { name, image };
}

function programPath(text: string): ProgramPath {
  const [, name, path] = /^([a-z]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || path === undefined) {
    throw new InputError(`--gateway-binary ${text}: write it as NAME=PATH, for example nginx=/usr/sbin/nginx`);
  }
  return { name, path };
}
