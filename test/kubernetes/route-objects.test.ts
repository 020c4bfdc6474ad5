/** The Ingress or HTTPRoute that tells the user's own gateway of a trial's app. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Route, routeHost, routeObject, routePath } from '../../src/clusters/kubernetes/gateways/route-objects.ts';

const ROUTE: Route = { namespace: 'trial-1', host: 'trial-1.example.com', service: { name: 'web', port: 8080 } };
const INGRESS_CLASS = { parent: { kind: 'IngressClass', name: 'nginx' } } as const;
const GATEWAY = { parent: { kind: 'Gateway', namespace: 'infra', name: 'public' } } as const;

describe('the host of a trial', () => {
  const table: [what: string, hostSuffix: string | undefined, url: string | undefined, host: string][] = [
    ['has a suffix that no public name has', undefined, undefined, 'trial-1.rollout-test.internal'],
    ['has the suffix that the listener wants', '.example.com', undefined, 'trial-1.example.com'],
    ['is that of the URL, without its port', undefined, 'http://{namespace}.test:8080/base', 'trial-1.test'],
    [
      'is that of the URL even if the listener has a suffix',
      '.example.com',
      'https://{namespace}.test',
      'trial-1.test',
    ],
    ['may have the namespace in the middle', undefined, 'http://a-{namespace}-b.test', 'a-trial-1-b.test'],
    [
      'is not that of a URL which all trials share',
      undefined,
      'http://shop.example.com',
      'trial-1.rollout-test.internal',
    ],
    [
      'is not that of a URL with the namespace in its path',
      undefined,
      'http://shop.example.com/{namespace}',
      'trial-1.rollout-test.internal',
    ],
  ];
  for (const [what, hostSuffix, url, host] of table) {
    test(what, () => assert.equal(routeHost('trial-1', { hostSuffix }, url), host));
  }
});

test('an Ingress names its class, the host and the Service', () => {
  const object = routeObject(INGRESS_CLASS, ROUTE);
  const backend = { service: { name: 'web', port: { number: 8080 } } };
  assert.deepEqual(object, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'rollout-test', namespace: 'trial-1' },
    spec: {
      ingressClassName: 'nginx',
      rules: [{ host: 'trial-1.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  });
  assert.equal(routePath(object), '/apis/networking.k8s.io/v1/namespaces/trial-1/ingresses/rollout-test');
});

test('an HTTPRoute names its Gateway, the host and the Service', () => {
  const object = routeObject(GATEWAY, ROUTE);
  assert.deepEqual(object, {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'rollout-test', namespace: 'trial-1' },
    spec: {
      parentRefs: [{ namespace: 'infra', name: 'public' }],
      hostnames: ['trial-1.example.com'],
      rules: [{ backendRefs: [{ name: 'web', port: 8080 }] }],
    },
  });
  assert.equal(routePath(object), '/apis/gateway.networking.k8s.io/v1/namespaces/trial-1/httproutes/rollout-test');
});
