/**
 * Envoy as Contour configures it: only ready endpoints, each change pushed at once, no retries, 2 s to connect, and 503
 * where no pod is ready. Contour pushes endpoints by gRPC; here a renamed file does, which takes effect as quickly.
 * (Envoy Gateway differs: it passes terminating endpoints on as draining, which Envoy may use if there are few others.)
 */
import { readFileSync } from 'node:fs';
import { projectFile } from '../../project-file.ts';
import { delay } from '../../timers.ts';
import { readyOnly } from '../endpoints.ts';
import { withFragment } from '../fragment.ts';
import type { GatewayControl, GatewayFiles, GatewayKind, GatewaySettings, Upstream } from '../gateway.ts';
import { EnvoyLog } from './log.ts';

const BOOTSTRAP = 'bootstrap.json';
const ENDPOINTS = 'endpoints.json';
/** The script that writes them on a cluster. */
const FEED = 'endpoint-feed.mjs';
const CLUSTER = 'pods';
const POLL_MS = 10;

export const envoy: GatewayKind = {
  name: 'envoy',
  title: 'Envoy',
  program: 'envoy',
  install: 'https://www.envoyproxy.io/docs/envoy/latest/start/install',
  versionArguments: ['--version'],
  versionPattern: /version: \w+\/([\d.]+)/,
  controller: { name: 'Contour', learnsBy: 'xDS, pushed for each change', minPeriodMs: 0, choose: readyOnly },
  unlogged: 'never-read',
  files: (settings, upstreams) => ({ [BOOTSTRAP]: JSON.stringify(bootstrap(settings)), ...endpointFile(upstreams) }),
  arguments: ({ folder }) => programArguments(folder),
  async apply(upstreams, control) {
    control.write(endpointFile(upstreams));
    const wanted = upstreams.map(({ host, port }) => `${host}:${port}`).sort();
    while ((await hostsInUse(control)).sort().join() !== wanted.join()) await delay(POLL_MS);
  },
  logsToFile: false,
  newLog: () => new EnvoyLog(),
  inCluster: {
    image: 'envoyproxy/envoy:v1.40.0',
    upstream: 'pods',
    command: ({ filesFolder }) => ['envoy', ...programArguments(filesFolder)],
    files: (settings) => ({
      [BOOTSTRAP]: JSON.stringify(bootstrap(settings)),
      [FEED]: readFileSync(projectFile('kubernetes/endpoint-feed.js'), 'utf8'),
    }),
    rules: [{ apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] }],
    feed: {
      script: FEED,
      arguments: ({ namespace, service, folder }) => [namespace, service.name, `${folder}/${ENDPOINTS}`],
    },
  },
};

function programArguments(folder: string): string[] {
  return [
    ...['-c', `${folder}/${BOOTSTRAP}`, '--service-node', CLUSTER, '--service-cluster', CLUSTER],
    ...['--concurrency', '2', '--disable-hot-restart', '--log-level', 'warning'],
    // By default, it keeps lines of the access log for up to 10 s, and it is ended by SIGKILL.
    ...['--file-flush-interval-msec', '20', '--file-flush-min-size-kb', '0'],
  ];
}

/** Its list of clusters has several lines per host, such as `pods::10.0.0.7:8080::cx_active::2`. */
async function hostsInUse(control: GatewayControl): Promise<string[]> {
  const list = await control.admin('GET', '/clusters');
  return [...list.matchAll(/^pods::(.+)::cx_active::/gm)].map(([, host = '']) => host);
}

/** The endpoints, as a response of Contour's endpoint discovery service. */
function endpointFile(upstreams: readonly Upstream[]): GatewayFiles {
  const lb_endpoints = upstreams.map(({ host, port }) => ({ endpoint: { address: socketAddress(host, port) } }));
  const assignment = { cluster_name: CLUSTER, endpoints: [{ lb_endpoints }] };
  const resources = [typed('config.endpoint.v3.ClusterLoadAssignment', assignment)];
  return { [ENDPOINTS]: JSON.stringify({ resources }) };
}

function bootstrap(settings: GatewaySettings): object {
  const { host, port, adminPort, folder, fragment } = settings;
  const router = typed('extensions.filters.http.router.v3.Router', { upstream_log: [stdoutLog('attempt')] });
  const http = typed('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: CLUSTER,
    generate_request_id: false,
    preserve_external_request_id: true,
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    access_log: [stdoutLog('request')],
    http_filters: [{ name: 'envoy.filters.http.router', typed_config: router }],
    route_config: { virtual_hosts: [{ name: CLUSTER, domains: ['*'], routes: routes(settings) }] },
  });
  const filters = [{ name: 'envoy.filters.network.http_connection_manager', typed_config: http }];
  return {
    admin: { address: socketAddress('127.0.0.1', adminPort) },
    static_resources: {
      listeners: [{ name: 'requests', address: socketAddress(host, port), filter_chains: [{ filters }] }],
      clusters: [withFragment(cluster(folder), fragment)],
    },
  };
}

/** The user's own settings are merged into this object, a config.cluster.v3.Cluster. */
function cluster(folder: string): object {
  const path_config_source = { path: `${folder}/${ENDPOINTS}`, watched_directory: { path: folder } };
  return {
    name: CLUSTER,
    type: 'EDS',
    eds_cluster_config: { eds_config: { resource_api_version: 'V3', path_config_source } },
    connect_timeout: '2s',
    lb_policy: 'ROUND_ROBIN',
    common_lb_config: { healthy_panic_threshold: { value: 0 } },
  };
}

/**
 * A POST is sent again only if nothing of it was written to a pod. At most 3 retries are in flight at a time, unless the
 * user's own settings raise the cluster's circuit breaker.
 */
function routes({ retries = 0 }: GatewaySettings): object[] {
  const safe = { name: ':method', string_match: { safe_regex: { regex: 'GET|HEAD|OPTIONS' } } };
  const otherHost = {
    name: 'envoy.retry_host_predicates.previous_hosts',
    typed_config: typed('extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate', {}),
  };
  const policy = { num_retries: retries, retry_host_predicate: [otherHost], host_selection_retry_max_attempts: 5 };
  const route = (match: object, retry_on: string) => ({
    match: { prefix: '/', ...match },
    route: { cluster: CLUSTER, ...(retries > 0 && { retry_policy: { retry_on, ...policy } }) },
  });
  return [route({ headers: [safe] }, 'reset'), route({}, 'connect-failure,refused-stream,reset-before-request')];
}

/** One line per request, or per attempt; what does not apply is null. */
function stdoutLog(of: 'request' | 'attempt'): object {
  const json_format = {
    of,
    id: '%REQ(X-REQUEST-ID)%',
    method: '%REQ(:METHOD)%',
    at: '%START_TIME(%s%3f)%',
    took: '%DURATION%',
    status: '%RESPONSE_CODE%',
    flags: '%RESPONSE_FLAGS%',
    details: '%RESPONSE_CODE_DETAILS%',
    host: '%UPSTREAM_HOST%',
    connection: '%UPSTREAM_CONNECTION_ID%',
    why: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
    bytes: '%UPSTREAM_WIRE_BYTES_RECEIVED%',
  };
  const typed_config = typed('extensions.access_loggers.stream.v3.StdoutAccessLog', { log_format: { json_format } });
  return { name: 'envoy.access_loggers.stdout', typed_config };
}

function socketAddress(address: string, port_value: number): object {
  return { socket_address: { address, port_value } };
}

function typed(type: string, fields: object): object {
  return { '@type': `type.googleapis.com/envoy.${type}`, ...fields };
}
