/**
 * Traefik as its Kubernetes providers configure it: ready endpoints (it fences terminating ones, with no fallback where
 * there are no others), at most one change per 2 s (`providersThrottleDuration`), and 503 where no pod is ready
 * (`allowEmptyServices`). A watched file stands for the providers. Their throttle is left to the imitated controller,
 * which gives every change the newest endpoints, as the throttle does.
 */
import * as z from 'zod';
import { delay } from '../../timers.ts';
import { readyOnly } from '../endpoints.ts';
import { withFragment } from '../fragment.ts';
import type { GatewayControl, GatewayFiles, GatewayKind, GatewaySettings, Upstream } from '../gateway.ts';
import type { InClusterSettings } from '../in-cluster.ts';
import { RETRY_INTERVAL_MS, TraefikLog } from './log.ts';

const STATIC = 'traefik.yaml';
const DYNAMIC = 'dynamic.yaml';
const POLL_MS = 10;

export const traefik: GatewayKind = {
  name: 'traefik',
  title: 'Traefik',
  program: 'traefik',
  install: 'https://doc.traefik.io/traefik/getting-started/install-traefik/',
  versionArguments: ['version'],
  versionPattern: /Version:\s+(\S+)/,
  controller: {
    name: "Traefik's Kubernetes providers",
    learnsBy: 'an API watch, throttled to one change per 2 s',
    minPeriodMs: 2000,
    choose: readyOnly,
  },
  unlogged: 'never-read',
  takesFreeConnections: true,
  files: (settings, upstreams) => ({ [STATIC]: staticConfiguration(settings), ...dynamicFile(settings, upstreams) }),
  arguments: ({ folder }) => [`--configFile=${folder}/${STATIC}`],
  async apply(upstreams, control) {
    control.write(dynamicFile(control.settings, upstreams));
    const wanted = upstreams.map(url).sort().join();
    while ((await serversInUse(control))?.sort().join() !== wanted) await delay(POLL_MS);
  },
  logsToFile: false,
  newLog: () => new TraefikLog(),
  inCluster: {
    image: 'traefik:3.7.15',
    upstream: 'pods',
    command: ({ filesFolder }) => ['traefik', `--configFile=${filesFolder}/${STATIC}`],
    files: (settings) => ({ [STATIC]: inClusterConfiguration(settings), [DYNAMIC]: retryMiddleware(settings) }),
    rules: [
      { apiGroups: [''], resources: ['services', 'secrets'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: ['get', 'list', 'watch'] },
    ],
    ingress: {
      annotations: ({ retries = 0 }) => ({
        // The field ingressClassName needs an IngressClass, which belongs to the whole cluster.
        'kubernetes.io/ingress.class': 'traefik',
        ...(retries > 0 && { 'traefik.ingress.kubernetes.io/router.middlewares': 'retry@file' }),
      }),
    },
    takesSettings: false,
  },
};

const Service = z.object({
  loadBalancer: z.object({ servers: z.array(z.object({ url: z.string() })).default([]) }),
});

/**
 * Its API describes the configuration that requests meet: it is replaced together with their routers.
 * @returns undefined while it has none: its ports are open before it has read the file
 */
async function serversInUse(control: GatewayControl): Promise<string[] | undefined> {
  const answer = await control.admin('GET', '/api/http/services/pods@file').catch((error: Error) => {
    if (error.message.includes('with status 404')) return undefined;
    throw error;
  });
  return answer === undefined
    ? undefined
    : Service.parse(JSON.parse(answer)).loadBalancer.servers.map((server) => server.url);
}

function staticConfiguration({ host, port, adminPort, folder }: GatewaySettings): string {
  return JSON.stringify({
    ...logging(),
    entryPoints: { requests: { address: `${host}:${port}` }, traefik: { address: `127.0.0.1:${adminPort}` } },
    api: { insecure: true, dashboard: false },
    providers: { providersThrottleDuration: '0s', file: { filename: `${folder}/${DYNAMIC}`, watch: true } },
  });
}

/** Its own Kubernetes provider with its default throttle, limited to the namespace. */
function inClusterConfiguration({ host, port, namespace, filesFolder }: InClusterSettings): string {
  const kubernetesIngress = {
    namespaces: [namespace],
    disableClusterScopeResources: true,
    allowEmptyServices: true,
  };
  return JSON.stringify({
    ...logging(),
    entryPoints: { requests: { address: `${host}:${port}` } },
    providers: { kubernetesIngress, file: { filename: `${filesFolder}/${DYNAMIC}`, watch: false } },
  });
}

function retryMiddleware({ retries = 0 }: GatewaySettings): string {
  return JSON.stringify(retries > 0 ? { http: { middlewares: { retry: { retry: retry(retries) } } } } : {});
}

/** Why a request failed is only in the DEBUG log: one line per failure, and one per request that names its pod. */
function logging(): object {
  const kept = ['StartUTC', 'Duration', 'RequestMethod', 'DownstreamStatus', 'ServiceAddr', 'OriginStatus'];
  const fields = {
    defaultMode: 'drop',
    names: Object.fromEntries([...kept, 'OriginDuration'].map((name) => [name, 'keep'])),
    headers: { defaultMode: 'drop', names: { 'X-Request-Id': 'keep' } },
  };
  return {
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    log: { level: 'DEBUG', format: 'json' },
    accessLog: { format: 'json', fields },
  };
}

/**
 * Only attempts of which nothing was written are made again, whatever the method. Without this middleware, Go does the
 * same for a connection that the pod had closed, and sends a GET again if it closes as the GET arrives. No log shows
 * that.
 */
function retry(retries: number): object {
  return { attempts: retries + 1, initialInterval: `${RETRY_INTERVAL_MS}ms` };
}

/** The user's own settings are merged into the whole of this, Traefik's dynamic configuration. */
function dynamicFile({ fragment, retries = 0 }: GatewaySettings, upstreams: readonly Upstream[]): GatewayFiles {
  const configuration = {
    http: {
      routers: {
        pods: {
          rule: 'PathPrefix(`/`)',
          entryPoints: ['requests'],
          service: 'pods',
          ...(retries > 0 && { middlewares: ['retry'] }),
        },
      },
      ...(retries > 0 && { middlewares: { retry: { retry: retry(retries) } } }),
      services: { pods: { loadBalancer: { servers: upstreams.map((upstream) => ({ url: url(upstream) })) } } },
    },
  };
  return { [DYNAMIC]: JSON.stringify(withFragment(configuration, fragment)) };
}

function url({ host, port }: Upstream): string {
  return `http://${host}:${port}`;
}
