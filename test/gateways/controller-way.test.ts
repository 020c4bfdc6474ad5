/** The user's own gateway: what the flags name, and what its controller runs. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type ControllerFlags,
  type ControllerWay,
  controllerWay,
} from '../../src/gateways/installed/controller-way.ts';
import { gatewayOfController } from '../../src/gateways/installed/controllers.ts';

const NONE = { service: undefined, logs: undefined };

describe('the way that the flags name', () => {
  const table: [what: string, flags: ControllerFlags, way: ControllerWay | undefined][] = [
    ['none', {}, undefined],
    [
      'an IngressClass',
      { ingressClass: 'nginx' },
      { name: 'ingress-nginx', parent: { kind: 'IngressClass', name: 'nginx' }, ...NONE },
    ],
    [
      'an IngressClass whose name has dots',
      { ingressClass: 'internal.example-2.com' },
      {
        name: 'ingress-internal.example-2.com',
        parent: { kind: 'IngressClass', name: 'internal.example-2.com' },
        ...NONE,
      },
    ],
    [
      'a Gateway, which the name of the way has without its namespace',
      { gateway: 'infra/public' },
      { name: 'gateway-public', parent: { kind: 'Gateway', namespace: 'infra', name: 'public' }, ...NONE },
    ],
    [
      'a Service and a workload',
      { ingressClass: 'traefik', gatewayService: 'kube-system/traefik', gatewayLogs: 'edge/traefik-logs' },
      {
        name: 'ingress-traefik',
        parent: { kind: 'IngressClass', name: 'traefik' },
        service: { namespace: 'kube-system', name: 'traefik' },
        logs: { namespace: 'edge', name: 'traefik-logs' },
      },
    ],
    [
      'a Gateway and a workload',
      { gateway: 'infra/public', gatewayLogs: 'infra/envoy' },
      {
        name: 'gateway-public',
        parent: { kind: 'Gateway', namespace: 'infra', name: 'public' },
        service: undefined,
        logs: { namespace: 'infra', name: 'envoy' },
      },
    ],
  ];
  for (const [what, flags, way] of table) test(what, () => assert.deepEqual(controllerWay(flags), way));
});

describe('flags that name no way', () => {
  const table: [flags: ControllerFlags, message: string][] = [
    [
      { gatewayService: 'a/b' },
      '--gateway-service is for a gateway of your own: name it with --ingress-class or --gateway',
    ],
    [{ gatewayLogs: 'a/b' }, '--gateway-logs is for a gateway of your own: name it with --ingress-class or --gateway'],
    [{ ingressClass: '' }, '--ingress-class : no IngressClass has such a name'],
    [{ ingressClass: 'Nginx' }, '--ingress-class Nginx: no IngressClass has such a name'],
    [{ ingressClass: 'infra/nginx' }, '--ingress-class infra/nginx: no IngressClass has such a name'],
    [{ ingressClass: '../../secrets' }, '--ingress-class ../../secrets: no IngressClass has such a name'],
    [{ gateway: 'public' }, '--gateway public: write it as NAMESPACE/NAME'],
    [{ gateway: '' }, '--gateway : write it as NAMESPACE/NAME'],
    [{ gateway: '/public' }, '--gateway /public: write it as NAMESPACE/NAME'],
    [{ gateway: 'infra/' }, '--gateway infra/: write it as NAMESPACE/NAME'],
    [{ gateway: 'infra/gateways/public' }, '--gateway infra/gateways/public: write it as NAMESPACE/NAME'],
    [{ gateway: '../public' }, '--gateway ../public: write it as NAMESPACE/NAME'],
    [{ gateway: 'infra/public?watch' }, '--gateway infra/public?watch: write it as NAMESPACE/NAME'],
    [{ ingressClass: 'nginx', gatewayService: 'nginx' }, '--gateway-service nginx: write it as NAMESPACE/NAME'],
    [{ gateway: 'infra/public', gatewayLogs: 'Infra/envoy' }, '--gateway-logs Infra/envoy: write it as NAMESPACE/NAME'],
  ];
  for (const [flags, message] of table) {
    test(JSON.stringify(flags), () => {
      assert.throws(() => controllerWay(flags), { name: 'InputError', message });
    });
  }
});

/** The names in each project's documentation or manifests. */
const CONTROLLERS: [controller: string, runs: string | undefined][] = [
  ['traefik.io/ingress-controller', 'traefik'],
  ['traefik.io/gateway-controller', 'traefik'],
  ['k8s.io/ingress-nginx', 'nginx'],
  // Further instances of ingress-nginx, as --controller-class names them.
  ['k8s.io/internal-ingress-nginx', 'nginx'],
  ['k8s.io/ingress-nginx-private', 'nginx'],
  ['nginx.org/ingress-controller', 'nginx'],
  ['gateway.nginx.org/nginx-gateway-controller', 'nginx'],
  ['haproxy.org/ingress-controller', 'haproxy'],
  ['haproxy.org/ingress-controller/prod-controller', 'haproxy'],
  ['haproxy.org/gateway-controller', 'haproxy'],
  ['gate.haproxy.org/gateway-controller', 'haproxy'],
  ['haproxy-ingress.github.io/controller', 'haproxy'],
  ['haproxy-ingress.github.io/controller/staging', 'haproxy'],
  ['projectcontour.io/gateway-controller', 'envoy'],
  ['gateway.envoyproxy.io/gatewayclass-controller', 'envoy'],
  ['istio.io/ingress-controller', 'envoy'],
  ['istio.io/gateway-controller', 'envoy'],
  ['ingress.k8s.aws/alb', undefined],
  ['example.com/gateway-controller', undefined],
  ['example.com/k8s.io/ingress-nginx', undefined],
  ['nginx.org.example.com/ingress-controller', undefined],
  ['notnginx.org/ingress-controller', undefined],
  ['', undefined],
];

describe('what a controller runs', () => {
  for (const [controller, runs] of CONTROLLERS) {
    test(`${controller || 'no name'}: ${runs ?? 'not known'}`, () => {
      assert.equal(gatewayOfController(controller)?.name, runs);
    });
  }
});
