/** The user's own gateway, found on a cluster before anything is created. The test plays the API server. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type Controller, findController } from '../../src/clusters/kubernetes/gateways/controller.ts';
import { ExitCode, ProgramError } from '../../src/errors.ts';
import { type ControllerFlags, controllerWay } from '../../src/gateways/installed/controller-way.ts';
import { refuse } from './api-server/faults.ts';
import { gateway, gatewayClass, ingressClass, service, writer } from './api-server/own-gateway.ts';
import { type Access, type ApiServer, startApiServer } from './api-server/server.ts';
import type { WrittenObject } from './api-server/store.ts';

const AT_ONCE = { concurrency: true };
const TRAEFIK = ingressClass('traefik', 'traefik.io/ingress-controller');
const NGINX = ingressClass('nginx', 'k8s.io/ingress-nginx');
const ENVOY = gatewayClass('eg', 'gateway.envoyproxy.io/gatewayclass-controller');
const PUBLIC = gateway([{ port: 80 }], ['10.0.9.9']);

async function cluster(t: TestContext, objects: readonly WrittenObject[]) {
  const { server, api } = await startApiServer(t);
  for (const object of objects) server.store.put(object);
  const find = async (flags: ControllerFlags): Promise<Controller> => {
    const way = controllerWay(flags);
    assert.ok(way);
    return findController(api, way);
  };
  return { server, find };
}

const told = (exitCode: number, message: string) => (error: unknown) => {
  assert.ok(error instanceof ProgramError, `${error}`);
  assert.equal(error.message, message);
  assert.equal(error.exitCode, exitCode);
  return true;
};

describe('a controller that is there', AT_ONCE, () => {
  type Part = Partial<Omit<Controller, 'kind'>> & { kind?: string | undefined };
  const table: [what: string, flags: ControllerFlags, objects: WrittenObject[], found: Part][] = [
    [
      'of an IngressClass: its address is known from the Ingress only',
      { ingressClass: 'traefik' },
      [NGINX, TRAEFIK],
      { title: 'Traefik (IngressClass traefik)', kind: 'traefik', version: 'unknown', port: 80, address: undefined },
    ],
    [
      'of which it is not known what it runs',
      { ingressClass: 'alb' },
      [ingressClass('alb', 'ingress.k8s.aws/alb')],
      { title: 'ingress.k8s.aws/alb (IngressClass alb)', kind: undefined, port: 80 },
    ],
    [
      'Contour, whose installation creates no IngressClass',
      { ingressClass: 'contour' },
      [NGINX],
      { title: 'Envoy (IngressClass contour)', kind: 'envoy', port: 80 },
    ],
    [
      'of a Gateway',
      { gateway: 'infra/public' },
      [ENVOY, PUBLIC],
      {
        title: 'Envoy (Gateway infra/public)',
        kind: 'envoy',
        port: 80,
        hostSuffix: undefined,
        address: { host: '10.0.9.9', port: 80 },
      },
    ],
    [
      'of a Gateway with a wildcard: the first listener that takes such hosts',
      { gateway: 'infra/public' },
      [
        ENVOY,
        gateway(
          [
            { port: 443, protocol: 'HTTPS' },
            { port: 8000, hostname: 'shop.example.com' },
            { port: 8080, hostname: '*.example.com' },
            { port: 8081 },
          ],
          ['lb.example.net', '10.0.9.9'],
        ),
      ],
      { port: 8080, hostSuffix: '.example.com', address: { host: 'lb.example.net', port: 8080 } },
    ],
    [
      'of a Gateway without an address yet',
      { gateway: 'infra/public' },
      [ENVOY, gateway([{ port: 8000 }])],
      { port: 8000, address: undefined },
    ],
    [
      'behind a Service instead of the address in its status',
      { gateway: 'infra/public', gatewayService: 'edge/proxy' },
      [ENVOY, PUBLIC, service({ clusterIP: '10.96.3.3', ports: [{ port: 8000 }] })],
      { port: 80, address: { host: '10.96.3.3', port: 8000 } },
    ],
  ];
  for (const [what, flags, objects, expected] of table) {
    test(what, async (t) => {
      const { server, find } = await cluster(t, objects);
      const { kind, ...found } = await find(flags);
      const all = { ...found, kind: kind?.name };
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, all[key as never]])), expected);
      const changes = server.seen.filter(({ method, url }) => method !== 'GET' && !/accessreviews/.test(url));
      assert.deepEqual(changes, [], 'it is only read');
    });
  }
});

describe('the port of its Service for plain HTTP', AT_ONCE, () => {
  const table: [what: string, ports: object[], port: number][] = [
    [
      '80, whatever its name',
      [
        { name: 'http', port: 8080 },
        { name: 'a', port: 80 },
      ],
      80,
    ],
    [
      'that with a usual name',
      [
        { name: 'metrics', port: 9100 },
        { name: 'web', port: 8000 },
      ],
      8000,
    ],
    [
      'http2, as Istio names it',
      [
        { name: 'status-port', port: 15021 },
        { name: 'http2', port: 8000 },
      ],
      8000,
    ],
    [
      'the first if none says so',
      [
        { name: 'a', port: 7000 },
        { name: 'b', port: 7001 },
      ],
      7000,
    ],
    ['the only one, which has no name', [{ port: 9000 }], 9000],
  ];
  for (const [what, ports, port] of table) {
    test(what, async (t) => {
      const { find } = await cluster(t, [TRAEFIK, service({ clusterIP: 'fd00::7', ports })]);
      const { address } = await find({ ingressClass: 'traefik', gatewayService: 'edge/proxy' });
      assert.deepEqual(address, { host: 'fd00::7', port });
    });
  }
});

describe('what writes its log', AT_ONCE, () => {
  const flags = { ingressClass: 'traefik', gatewayLogs: 'edge/proxy' };
  for (const kind of ['Deployment', 'DaemonSet'] as const) {
    test(`is a ${kind}, whose image says the version`, async (t) => {
      const { find } = await cluster(t, [TRAEFIK, writer(kind, 'docker.io/library/traefik:v3.7.15@sha256:00ff')]);
      const { version, logWriter } = await find(flags);
      assert.equal(version, '3.7.15');
      assert.deepEqual([logWriter?.namespace, logWriter?.selector], ['edge', 'app=proxy,part=data']);
    });
  }

  test('says the version of the container that is the gateway', async (t) => {
    const images = ['ghcr.io/projectcontour/contour:v1.33.8', 'docker.io/envoyproxy/envoy:distroless-v1.38.9'];
    const { find } = await cluster(t, [ENVOY, PUBLIC, writer('DaemonSet', images)]);
    const { version } = await find({ gateway: 'infra/public', gatewayLogs: 'edge/proxy' });
    assert.equal(version, '1.38.9');
  });

  test('is the Deployment if there are both', async (t) => {
    const { find } = await cluster(t, [
      TRAEFIK,
      writer('DaemonSet', 'traefik:1.0.0'),
      writer('Deployment', 'traefik:2.0.0'),
    ]);
    assert.equal((await find(flags)).version, '2.0.0');
  });
});

describe('one line for', AT_ONCE, () => {
  const table: [what: string, flags: ControllerFlags, objects: WrittenObject[], exitCode: number, message: string][] = [
    [
      'a missing IngressClass',
      { ingressClass: 'haproxy' },
      [NGINX, TRAEFIK],
      ExitCode.usage,
      '--ingress-class haproxy: here has no such IngressClass; it has nginx, traefik',
    ],
    [
      'a missing IngressClass where there is none',
      { ingressClass: 'haproxy' },
      [],
      ExitCode.usage,
      '--ingress-class haproxy: here has no such IngressClass; it has none',
    ],
    [
      'a missing Gateway',
      { gateway: 'infra/private' },
      [ENVOY, PUBLIC],
      ExitCode.usage,
      '--gateway infra/private: here has no such Gateway',
    ],
    [
      'a Gateway of another namespace',
      { gateway: 'edge/public' },
      [ENVOY, PUBLIC],
      ExitCode.usage,
      '--gateway edge/public: here has no such Gateway',
    ],
    [
      'a missing GatewayClass',
      { gateway: 'infra/public' },
      [PUBLIC],
      ExitCode.environment,
      'cannot read the GatewayClass eg on here: gatewayclasses "eg" not found',
    ],
    ...[
      { what: 'a Gateway for HTTPS only', listeners: [{ port: 443, protocol: 'HTTPS' }] },
      { what: 'a Gateway for one host only', listeners: [{ port: 80, hostname: 'shop.example.com' }] },
      {
        what: 'a Gateway with a wildcard for HTTPS only',
        listeners: [{ port: 443, protocol: 'HTTPS', hostname: '*.a.test' }],
      },
    ].map(({ what, listeners }): (typeof table)[number] => [
      what,
      { gateway: 'infra/public' },
      [ENVOY, gateway(listeners, ['10.0.9.9'])],
      ExitCode.environment,
      'the Gateway infra/public has no listener for HTTP without a host name, or with one such as *.example.com: each trial uses a host of its own',
    ]),
    [
      'a missing Service',
      { ingressClass: 'traefik', gatewayService: 'edge/proxy' },
      [TRAEFIK],
      ExitCode.usage,
      '--gateway-service edge/proxy: here has no such Service',
    ],
    [
      'a headless Service',
      { ingressClass: 'traefik', gatewayService: 'edge/proxy' },
      [TRAEFIK, service({ clusterIP: 'None', ports: [{ port: 80 }] })],
      ExitCode.environment,
      'the Service edge/proxy has no cluster IP, so no load can be sent to it',
    ],
    [
      'a Service that is only a name',
      { ingressClass: 'traefik', gatewayService: 'edge/proxy' },
      [TRAEFIK, service({ type: 'ExternalName' })],
      ExitCode.environment,
      'the Service edge/proxy has no cluster IP, so no load can be sent to it',
    ],
    [
      'a missing Deployment or DaemonSet',
      { ingressClass: 'traefik', gatewayLogs: 'edge/proxy' },
      [TRAEFIK, writer('Deployment', 'traefik:3.7.15', 'other')],
      ExitCode.usage,
      '--gateway-logs edge/proxy: here has no such Deployment or DaemonSet',
    ],
  ];
  for (const [what, flags, objects, exitCode, message] of table) {
    test(what, async (t) => {
      const { find } = await cluster(t, objects);
      await assert.rejects(find(flags), told(exitCode, message));
    });
  }

  test('an object in a form that it never has', async (t) => {
    const { server, find } = await cluster(t, [TRAEFIK, { ...writer('Deployment', 'traefik:1.0.0'), spec: {} }]);
    await assert.rejects(find({ ingressClass: 'traefik', gatewayLogs: 'edge/proxy' }), (error) => {
      assert.ok(error instanceof ProgramError, `${error}`);
      assert.match(
        error.message,
        /^cannot read a Deployment: the API server of here answers with something other than /,
      );
      return true;
    });
    assert.ok(server.requests(/deployments\/proxy/).length > 0);
  });

  test('an API server that refuses', async (t) => {
    const { server, find } = await cluster(t, [TRAEFIK]);
    server.fault({ path: /ingressclasses/, does: refuse(403, 'not for you') });
    await assert.rejects(
      find({ ingressClass: 'traefik' }),
      told(ExitCode.environment, 'cannot list the IngressClasses on here: not for you'),
    );
  });
});

describe('missing permissions', AT_ONCE, () => {
  const refusing = (server: ApiServer, refuses: (access: Access) => boolean) => {
    server.allows = (access) => !refuses(access);
  };
  const GRANTED = 'kubernetes/cluster-role-own-gateway.yaml grants what is needed';

  test('in every namespace', async (t) => {
    const { server, find } = await cluster(t, [TRAEFIK]);
    refusing(
      server,
      ({ resource, verb }) => resource === 'ingressclasses' || (resource === 'ingresses' && verb === 'create'),
    );
    await assert.rejects(
      find({ ingressClass: 'traefik' }),
      told(ExitCode.environment, `you may not list ingressclasses, create ingresses on here; ${GRANTED}`),
    );
    assert.deepEqual(server.requests(/ingressclasses/, 'GET'), [], 'it is asked first');
  });

  test("in the gateway's namespace only", async (t) => {
    const { server, find } = await cluster(t, [ENVOY, PUBLIC, writer('Deployment', 'envoy:1')]);
    refusing(
      server,
      ({ resource, subresource, namespace }) => resource === 'pods' && (subresource === 'log' || namespace !== 'edge'),
    );
    await assert.rejects(
      find({ gateway: 'infra/public', gatewayLogs: 'edge/proxy' }),
      told(ExitCode.environment, `you may not get pods/log on here in namespace edge; ${GRANTED}`),
    );
  });

  test('that are not needed are not asked for', async (t) => {
    const { server, find } = await cluster(t, [ENVOY, PUBLIC]);
    refusing(
      server,
      ({ group, resource }) => group === 'networking.k8s.io' || ['services', 'pods', 'deployments'].includes(resource),
    );
    await find({ gateway: 'infra/public' });
  });
});
