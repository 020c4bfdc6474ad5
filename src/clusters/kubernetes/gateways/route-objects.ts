/** The object in a trial's namespace that tells the user's own gateway of the app: an Ingress or an HTTPRoute. Pure. */
import type { Controller } from './controller.ts';
import type { WrittenObject } from './objects.ts';

const ROUTE_NAME = 'rollout-test';
/** No public name ends in it. */
const PRIVATE_SUFFIX = '.rollout-test.internal';

export interface Route {
  namespace: string;
  /** The host that only this trial has, so that the gateway's other apps keep their requests. */
  host: string;
  /** The app's Service. */
  service: { name: string; port: number };
}

/** @param url where users reach the gateway (--url); its host is used where that is one of the trial's own */
export function routeHost(namespace: string, { hostSuffix }: Pick<Controller, 'hostSuffix'>, url?: string): string {
  const host = /^https?:\/\/([^/:]+)/.exec(url ?? '')?.[1];
  if (host?.includes('{namespace}')) return host.replaceAll('{namespace}', namespace);
  return `${namespace}${hostSuffix ?? PRIVATE_SUFFIX}`;
}

export function routeObject(
  { parent }: Pick<Controller, 'parent'>,
  { namespace, host, service }: Route,
): WrittenObject {
  const metadata = { name: ROUTE_NAME, namespace };
  const { name, port } = service;
  if (parent.kind === 'IngressClass') {
    const backend = { service: { name, port: { number: port } } };
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata,
      spec: {
        ingressClassName: parent.name,
        rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      },
    };
  }
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata,
    spec: {
      parentRefs: [{ namespace: parent.namespace, name: parent.name }],
      hostnames: [host],
      rules: [{ backendRefs: [{ name, port }] }],
    },
  };
}

/** Where its status is read. */
export function routePath({ kind, metadata: { namespace, name } }: WrittenObject): string {
  const collection = kind === 'Ingress' ? 'networking.k8s.io/v1' : 'gateway.networking.k8s.io/v1';
  return `/apis/${collection}/namespaces/${namespace}/${kind === 'Ingress' ? 'ingresses' : 'httproutes'}/${name}`;
}
