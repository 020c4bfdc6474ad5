/** Finds the user's own gateway on the cluster, before anything is created. Read-only. */
import * as z from 'zod';
import { EnvironmentError, InputError } from '../../../errors.ts';
import type { GatewayKind } from '../../../gateways/gateway.ts';
import { versionOfImage } from '../../../gateways/image-version.ts';
import type { ControllerWay, NamespacedName } from '../../../gateways/installed/controller-way.ts';
import { CLASSES_WITHOUT_OBJECT, gatewayOfController } from '../../../gateways/installed/controllers.ts';
import { AnswerError } from '../answer.ts';
import { apiError, apiStatus, type KubernetesApi } from '../api.ts';
import type { LogWriter } from './controller-log.ts';
import { assertMayUse } from './permissions.ts';

/** A controller that runs on the cluster. */
export interface Controller extends ControllerWay {
  /** In messages: "Traefik (IngressClass traefik)". */
  title: string;
  /** What it runs; undefined if that is not known. */
  kind: GatewayKind | undefined;
  /** The version of the image that writes its log; "unknown" if no log was named. */
  version: string;
  /** The port at which it accepts plain HTTP, at the address in its status. */
  port: number;
  /** The suffix that its listener wants hosts to have: ".example.com". */
  hostSuffix?: string | undefined;
  /** Where the load goes, if that is known before any trial: the address of its Service, or the one in its status. */
  address?: { host: string; port: number } | undefined;
  /** Absent if no log was named. */
  logWriter?: LogWriter | undefined;
}

const MAX_BYTES = 4 << 20;

/** @throws EnvironmentError or InputError that says what is missing */
export async function findController(api: KubernetesApi, way: ControllerWay): Promise<Controller> {
  await assertMayUse(api, way);
  const { parent, service, logs } = way;
  const found = parent.kind === 'Gateway' ? await gatewayNamed(api, parent) : await classNamed(api, parent.name);
  const kind = gatewayOfController(found.controller);
  const log = logs && (await findLogWriter(api, logs, kind));
  const address = service ? await serviceAddress(api, service) : found.address;
  const place = parent.kind === 'Gateway' ? `${parent.namespace}/${parent.name}` : parent.name;
  return {
    ...way,
    title: `${kind?.title ?? found.controller} (${parent.kind} ${place})`,
    kind,
    version: log?.version ?? 'unknown',
    port: found.port,
    hostSuffix: found.hostSuffix,
    address,
    logWriter: log,
  };
}

interface Found extends Pick<Controller, 'port' | 'hostSuffix' | 'address'> {
  /** The name with which it claims the class. */
  controller: string;
}

const Class = z.object({ metadata: z.object({ name: z.string() }), spec: z.object({ controller: z.string() }) });

async function classNamed(api: KubernetesApi, name: string): Promise<Found> {
  const list = await read(api, '/apis/networking.k8s.io/v1/ingressclasses', 'list the IngressClasses');
  const classes = parsed(api, z.object({ items: z.array(Class) }), list, 'a list of IngressClasses').items;
  const found = classes.find(({ metadata }) => metadata.name === name);
  const controller = found?.spec.controller ?? CLASSES_WITHOUT_OBJECT.get(name);
  if (controller !== undefined) return { controller, port: 80 };
  const names = classes.map(({ metadata }) => metadata.name).join(', ') || 'none';
  throw new InputError(`--ingress-class ${name}: ${api.context} has no such IngressClass; it has ${names}`);
}

const GATEWAY_GROUP = '/apis/gateway.networking.k8s.io/v1';
const Gateway = z.object({
  spec: z.object({
    gatewayClassName: z.string(),
    listeners: z.array(z.object({ port: z.number(), protocol: z.string(), hostname: z.string().optional() })),
  }),
  status: z.object({ addresses: z.array(z.object({ value: z.string() })).optional() }).optional(),
});
const GatewayClass = z.object({ spec: z.object({ controllerName: z.string() }) });

async function gatewayNamed(api: KubernetesApi, { namespace, name }: NamespacedName): Promise<Found> {
  const path = `${GATEWAY_GROUP}/namespaces/${namespace}/gateways/${name}`;
  const missing = () => new InputError(`--gateway ${namespace}/${name}: ${api.context} has no such Gateway`);
  const gateway = parsed(api, Gateway, await read(api, path, `read the Gateway ${name}`, missing), 'a Gateway');
  const { gatewayClassName, listeners } = gateway.spec;
  const classPath = `${GATEWAY_GROUP}/gatewayclasses/${gatewayClassName}`;
  const itsClass = await read(api, classPath, `read the GatewayClass ${gatewayClassName}`);
  // A route has a host of its own in each trial, and the load speaks plain HTTP to one address.
  const listener = listeners.find(
    ({ protocol, hostname }) => protocol === 'HTTP' && (hostname === undefined || hostname.startsWith('*.')),
  );
  if (!listener) {
    throw new EnvironmentError(
      `the Gateway ${namespace}/${name} has no listener for HTTP without a host name, or with one such as *.example.com: each trial uses a host of its own`,
    );
  }
  const host = gateway.status?.addresses?.[0]?.value;
  return {
    controller: parsed(api, GatewayClass, itsClass, 'a GatewayClass').spec.controllerName,
    port: listener.port,
    hostSuffix: listener.hostname?.slice(1),
    address: host === undefined ? undefined : { host, port: listener.port },
  };
}

const Service = z.object({
  spec: z.object({
    clusterIP: z.string().optional(),
    /** None if it is only a name for a host elsewhere. */
    ports: z.array(z.object({ name: z.string().optional(), port: z.number() })).default([]),
  }),
});

/** Its port for plain HTTP is known by its number or its usual names. */
async function serviceAddress(api: KubernetesApi, { namespace, name }: NamespacedName) {
  const missing = () => new InputError(`--gateway-service ${namespace}/${name}: ${api.context} has no such Service`);
  const path = `/api/v1/namespaces/${namespace}/services/${name}`;
  const { spec } = parsed(api, Service, await read(api, path, `read the Service ${name}`, missing), 'a Service');
  const { clusterIP: host, ports } = spec;
  const { port } = ports.find((each) => each.port === 80) ??
    ports.find((each) => /^(http|http2|web)$/.test(each.name ?? '')) ??
    ports[0] ?? { port: 80 };
  if (host && host !== 'None') return { host, port };
  throw new EnvironmentError(`the Service ${namespace}/${name} has no cluster IP, so no load can be sent to it`);
}

const Workload = z.object({
  spec: z.object({
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string() })).min(1) }) }),
  }),
});

/**
 * The workload that writes a gateway's log, and the version of the gateway's image: that of the first container whose
 * image is named as the gateway is, else of the first.
 * @throws InputError if there is none of that name
 */
export async function findLogWriter(
  api: KubernetesApi,
  { namespace, name }: NamespacedName,
  kind?: GatewayKind,
): Promise<LogWriter & { version: string }> {
  const missing = () =>
    new InputError(`--gateway-logs ${namespace}/${name}: ${api.context} has no such Deployment or DaemonSet`);
  const path = (kind: string) => `/apis/apps/v1/namespaces/${namespace}/${kind}/${name}`;
  const deployment = await read(api, path('deployments'), `read the Deployment ${name}`, () => undefined);
  const workload = deployment ?? (await read(api, path('daemonsets'), `read the DaemonSet ${name}`, missing));
  const { selector, template } = parsed(api, Workload, workload, 'a Deployment').spec;
  const images = template.spec.containers.map(({ image }) => image);
  return {
    namespace,
    selector: Object.entries(selector.matchLabels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    version: versionOfImage(images.find((image) => isNamed(image, kind)) ?? images[0] ?? ''),
  };
}

/** Whether the image's own name, after the registry and the path, begins with the gateway's. */
function isNamed(image: string, kind: GatewayKind | undefined): boolean {
  return kind !== undefined && image.slice(image.lastIndexOf('/') + 1).startsWith(kind.name);
}

/** @param missing what to throw if there is no such object; if it returns undefined, so does this */
async function read(
  api: KubernetesApi,
  path: string,
  doing: string,
  missing?: () => Error | undefined,
): Promise<unknown> {
  try {
    return (await api.read(path, {}, MAX_BYTES)).list;
  } catch (error) {
    if (apiStatus(error) !== 404 || !missing) throw apiError(error, doing, api);
    const problem = missing();
    if (problem) throw problem;
    return undefined;
  }
}

function parsed<T>(api: KubernetesApi, schema: z.ZodType<T>, answer: unknown, what: string): T {
  const { data, success } = schema.safeParse(answer);
  if (!success) throw apiError(new AnswerError(`with something other than ${what}`), `read ${what}`, api);
  return data;
}
