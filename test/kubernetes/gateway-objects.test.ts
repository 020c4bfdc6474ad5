/** The objects that run each gateway in the namespace of a trial. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gatewayObjects } from '../../src/clusters/kubernetes/gateways/objects.ts';
import type { GatewayKind } from '../../src/gateways/gateway.ts';
import { versionOfImage } from '../../src/gateways/image-version.ts';
import { GATEWAYS } from '../../src/gateways/registry.ts';
import { clusterGateway, wayNamed } from '../../src/gateways/way.ts';

interface Container {
  name: string;
  command: string[];
  securityContext: object;
}
interface PodSpec {
  serviceAccountName?: string;
  automountServiceAccountToken: boolean;
  securityContext: { runAsNonRoot: boolean; runAsUser: number; seccompProfile: object };
  containers: Container[];
  initContainers?: Container[];
}

const SERVICE = { name: 'web', host: '10.96.0.7', port: 80 };

function written(kind: GatewayKind, { retries = undefined as number | undefined, nodePort = false } = {}) {
  const gateway = clusterGateway({ kind, name: kind.name, upstream: 'pods' }, { retries });
  const objects = gatewayObjects({ gateway, namespace: 'trial', service: SERVICE, feedImage: 'node:local', nodePort });
  const ofKind = (name: string) => objects.find((object) => object.kind === name);
  const deployment = ofKind('Deployment') as { spec: { template: { spec: PodSpec } } } | undefined;
  return { objects, ofKind, pod: deployment?.spec.template.spec as PodSpec };
}

function kindNamed(name: string): GatewayKind {
  const kind = GATEWAYS.find((each) => each.name === name);
  assert.ok(kind);
  return kind;
}

for (const kind of GATEWAYS) {
  describe(kind.title, () => {
    test('meets the restricted Pod Security Standard', () => {
      const { pod } = written(kind);
      assert.equal(pod.securityContext.runAsNonRoot, true);
      assert.deepEqual(pod.securityContext.seccompProfile, { type: 'RuntimeDefault' });
      for (const { securityContext } of [...pod.containers, ...(pod.initContainers ?? [])]) {
        const { add = [], ...capabilities } = (securityContext as { capabilities: { add?: string[] } }).capabilities;
        assert.deepEqual(capabilities, { drop: ['ALL'] });
        assert.ok(
          add.every((each) => each === 'NET_BIND_SERVICE'),
          String(add),
        );
        assert.equal((securityContext as { allowPrivilegeEscalation: boolean }).allowPrivilegeEscalation, false);
      }
    });

    test('is limited to its namespace', () => {
      const { objects, ofKind, pod } = written(kind);
      assert.ok(objects.every(({ metadata }) => metadata.namespace === 'trial'));
      assert.ok(!objects.some((object) => object.kind.startsWith('Cluster')));
      const needsApi = kind.inCluster.rules.length > 0;
      assert.equal(ofKind('Role') !== undefined, needsApi);
      assert.equal(pod.automountServiceAccountToken, needsApi);
    });

    test('has the official image in an exact version, or another one', () => {
      const way = { kind, name: kind.name, upstream: 'pods' as const };
      assert.match(clusterGateway(way).version, /^\d+\.\d+\.\d+$/);
      const other = clusterGateway(way, { image: 'registry.example.com:5000/team/proxy' });
      assert.deepEqual([other.image, other.version], ['registry.example.com:5000/team/proxy', 'proxy']);
    });
  });
}

test('nginx sends to the address of the Service, and says so', () => {
  const way = wayNamed('nginx');
  assert.ok(way);
  const { name, upstream } = clusterGateway(way);
  assert.deepEqual([name, upstream], ['nginx-service', 'service']);
  const { data } = written(way.kind).ofKind('ConfigMap') as unknown as { data: Record<string, string> };
  assert.match(data['nginx.conf'] ?? '', /server 10\.96\.0\.7:80 /);
  assert.doesNotMatch(data['nginx.conf'] ?? '', /user root/);
});

test('Traefik sends to the pods, which an Ingress of its namespace names', () => {
  const kind = kindNamed('traefik');
  const ingress = (retries?: number) => written(kind, { retries }).ofKind('Ingress')?.metadata.annotations;
  assert.deepEqual(ingress(), { 'kubernetes.io/ingress.class': 'traefik' });
  assert.deepEqual(Object.keys(ingress(2) ?? {}).length, 2);
  assert.throws(
    () => clusterGateway({ kind, name: 'traefik-service', upstream: 'service' }),
    /^InputError: --through traefik:service: on a cluster, Traefik sends to the pods: write traefik$/,
  );
  assert.throws(
    () => clusterGateway({ kind, name: 'traefik', upstream: 'pods' }, { fragment: 'http: {}' }),
    /^InputError: --gateway-config: on a cluster, Traefik is configured by an Ingress/,
  );
});

test('Envoy starts once its endpoints have been written', () => {
  const { pod } = written(kindNamed('envoy'));
  const once = pod.initContainers?.[0]?.command ?? [];
  assert.deepEqual(once, [...(pod.containers[1]?.command ?? []), 'once']);
});

test('requests from outside of the cluster need a NodePort', () => {
  const spec = written(kindNamed('nginx'), { nodePort: true }).ofKind('Service')?.spec;
  assert.equal((spec as { type: string }).type, 'NodePort');
});

test('the version that an image names', () => {
  const cases = [
    ['nginx:1.31.3', '1.31.3'],
    ['envoyproxy/envoy:v1.40.0', '1.40.0'],
    ['localhost:5000/traefik:3.7', '3.7'],
    ['envoyproxy/envoy:distroless-v1.38.9', '1.38.9'],
    ['caddy:2.11.7-alpine@sha256:00ff', '2.11.7'],
    ['localhost:5000/proxy', 'proxy'],
    ['nginx:latest', 'nginx:latest'],
  ] as const;
  for (const [image, version] of cases) assert.equal(versionOfImage(image), version, image);
});
