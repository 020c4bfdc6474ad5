/** A user's own gateway on the API server for tests: its class, its Gateway, its Service and what writes its log. */
import type { WrittenObject } from './store.ts';

export function ingressClass(name: string, controller: string): WrittenObject {
  return { kind: 'IngressClass', metadata: { name }, spec: { controller } };
}

export function gatewayClass(name: string, controllerName: string): WrittenObject {
  return { kind: 'GatewayClass', metadata: { name }, spec: { controllerName } };
}

export interface Listener {
  port: number;
  protocol?: string;
  hostname?: string;
}

/** The Gateway infra/public of the class `eg`. */
export function gateway(listeners: readonly Listener[], addresses?: readonly string[]): WrittenObject {
  return {
    kind: 'Gateway',
    metadata: { name: 'public', namespace: 'infra' },
    spec: {
      gatewayClassName: 'eg',
      listeners: listeners.map((each, index) => ({ name: `l-${index}`, protocol: 'HTTP', ...each })),
    },
    status: addresses && { addresses: addresses.map((value) => ({ type: 'IPAddress', value })) },
  };
}

/** The Service edge/proxy. */
export function service(spec: { clusterIP?: string; type?: string; ports?: object[] }): WrittenObject {
  return { kind: 'Service', metadata: { name: 'proxy', namespace: 'edge' }, spec };
}

export const PROXY_LABELS = { app: 'proxy', part: 'data' };

/** The Deployment or DaemonSet edge/proxy, or another of that namespace. */
export function writer(kind: 'Deployment' | 'DaemonSet', image: string | string[], name = 'proxy'): WrittenObject {
  const containers = [image].flat().map((each, nth) => ({ name: nth === 0 ? 'proxy' : `proxy-${nth}`, image: each }));
  return {
    kind,
    metadata: { name, namespace: 'edge' },
    spec: {
      selector: { matchLabels: PROXY_LABELS },
      template: { metadata: { labels: PROXY_LABELS }, spec: { containers } },
    },
  };
}
