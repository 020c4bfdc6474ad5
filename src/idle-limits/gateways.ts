/** How long gateways keep an idle connection to a server by default, and the setting that changes it. */

export interface GatewayLimit {
  id: GatewayId;
  name: string;
  /** For how long it keeps an idle connection, in ms; undefined if no fixed time ends it. */
  keepsMs: number | undefined;
  /**
   * The version with which this was measured, and what: a burst of 20 requests to a server that closes nothing, on
   * loopback on 2026-11-27, with the limits at their defaults. Absent if it was not measured.
   */
  measured?: { version: string; closedAfter: string };
  /** What else there is to know of the limit. */
  note: string;
  /**
   * What a client saw when a server closed a used connection as the next request came on it, and the version that this
   * was measured with; absent if it was not measured.
   */
  lost?: { version: string; get: string; post: string };
  /** The setting of the gateway, with its place. */
  setting: string;
  /** Where the limit comes from. */
  source: string;
}

export type GatewayId =
  | 'nginx'
  | 'ingress-nginx'
  | 'haproxy'
  | 'traefik'
  | 'caddy'
  | 'envoy'
  | 'aws-alb'
  | 'google-alb';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

export const GATEWAYS: readonly GatewayLimit[] = [
  {
    id: 'nginx',
    name: 'nginx 1.29.7 and later',
    keepsMs: MINUTE,
    measured: { version: '1.31.3', closedAfter: '60.0 s' },
    note: 'Earlier versions keep no connection to a server unless keepalive and HTTP/1.1 are set.',
    lost: { version: '1.31.3', get: '200, because it sends the request again', post: '502' },
    setting: 'keepalive_timeout in the upstream block',
    source: 'the announcement of nginx 1.29.7, and ngx_http_upstream_module in the documentation of nginx',
  },
  {
    id: 'ingress-nginx',
    name: 'ingress-nginx',
    keepsMs: MINUTE,
    note: 'The project is retired since March 2026.',
    setting: 'upstream-keepalive-timeout in its ConfigMap',
    source: 'the ConfigMap page in the documentation of ingress-nginx',
  },
  {
    id: 'haproxy',
    name: 'HAProxy',
    keepsMs: undefined,
    measured: { version: '2.8.25', closedAfter: '15.0 to 35.0 s' },
    note: 'Every 5 s (pool-purge-delay) it closes half of the idle connections that it does not expect to need. It can keep a connection that it expects to need for any time.',
    lost: { version: '2.8.25', get: 'a closed connection, without a response', post: 'the same' },
    setting:
      'http-reuse never with timeout http-keep-alive below the limit of the server (measured: with 4 s, it closed all connections after 4.0 s); a shorter pool-purge-delay only makes the race rarer',
    source: 'pool-purge-delay and http-reuse in the configuration manual of HAProxy 2.8',
  },
  {
    id: 'traefik',
    name: 'Traefik',
    keepsMs: 90 * SECOND,
    measured: { version: '3.7.15', closedAfter: '90.0 s' },
    note: '',
    lost: { version: '3.7.15', get: '200, because it sends the request again', post: '502' },
    setting: 'serversTransport.forwardingTimeouts.idleConnTimeout',
    source: 'the defaults in the source of Traefik 3',
  },
  {
    id: 'caddy',
    name: 'Caddy',
    keepsMs: 2 * MINUTE,
    measured: { version: '2.11.7', closedAfter: '120.0 s' },
    note: '',
    lost: { version: '2.11.7', get: '200, because it sends the request again', post: '502' },
    setting: 'keepalive in transport http of reverse_proxy',
    source: 'the defaults in the source of Caddy 2 (httptransport.go)',
  },
  {
    id: 'envoy',
    name: 'Envoy',
    keepsMs: 60 * MINUTE,
    measured: { version: '1.40.0', closedAfter: 'open after 130 s' },
    note: 'Istio, Contour, Cilium and Envoy Gateway are built on Envoy; each has its own name for the setting.',
    lost: { version: '1.40.0', get: '503 (UC)', post: '503 (UC)' },
    setting: 'common_http_protocol_options.idle_timeout in HttpProtocolOptions of the cluster',
    source: '"How do I configure timeouts?" in the documentation of Envoy',
  },
  {
    id: 'aws-alb',
    name: 'AWS ALB',
    keepsMs: MINUTE,
    note: '',
    setting: 'idle_timeout.timeout_seconds of the load balancer',
    source: '"Load balancer attributes" in the documentation of Elastic Load Balancing',
  },
  {
    id: 'google-alb',
    name: 'Google Cloud ALB',
    keepsMs: 10 * MINUTE,
    note: 'The limit is fixed.',
    setting: 'nothing to set',
    source: '"Timeouts and retries" in the documentation of Cloud Load Balancing',
  },
];

/** @throws Error if there is no such gateway */
export function gatewayLimit(id: GatewayId): GatewayLimit {
  const gateway = GATEWAYS.find((candidate) => candidate.id === id);
  if (!gateway) throw new Error(`no gateway has the id "${id}"`);
  return gateway;
}
