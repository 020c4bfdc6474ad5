/** The roles in kubernetes/ grant exactly what the program needs. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { controllerPermissions, gatewayPermissions } from '../../src/clusters/kubernetes/gateways/permissions.ts';
import {
  DRAIN_PERMISSIONS,
  disruptionPermissions,
  PERMISSIONS,
  type Permission,
  runPermissions,
} from '../../src/clusters/kubernetes/preflight.ts';
import { WORKLOAD_KINDS } from '../../src/clusters/kubernetes/workload.ts';
import { controllerWay } from '../../src/gateways/installed/controller-way.ts';
import { GATEWAYS } from '../../src/gateways/registry.ts';
import { clusterGateway } from '../../src/gateways/way.ts';
import { DISRUPTIONS } from '../../src/trace/disruption.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** Everything that any variant of `run` needs. */
const RUN_PERMISSIONS = WORKLOAD_KINDS.flatMap((kind) =>
  DISRUPTIONS.flatMap((disruption) => [true, false].flatMap((dryRun) => runPermissions({ kind, disruption, dryRun }))),
);

/** Everything that any form of a way through the user's own gateway needs. */
const OWN_GATEWAY_PERMISSIONS = [{ ingressClass: 'nginx' }, { gateway: 'infra/public' }].flatMap((parent) =>
  [{}, { gatewayService: 'edge/nginx' }].flatMap((service) =>
    [{}, { gatewayLogs: 'edge/nginx' }].flatMap((logs) => {
      const way = controllerWay({ ...parent, ...service, ...logs });
      assert.ok(way);
      const { everywhere, inNamespaces } = controllerPermissions(way);
      return [...everywhere, ...inNamespaces.flatMap(({ permissions }) => permissions)];
    }),
  ),
);

function written(permissions: readonly Permission[]): string[] {
  const all = permissions.flatMap(({ group, resource, verbs }) => verbs.map((verb) => `${verb} ${group}/${resource}`));
  return [...new Set(all)].sort();
}

for (const [file, permissions] of [
  ['cluster-role.yaml', [...PERMISSIONS, ...DISRUPTIONS.flatMap(disruptionPermissions)]],
  ['cluster-role-drain.yaml', DRAIN_PERMISSIONS],
  ['role-run.yaml', RUN_PERMISSIONS],
  [
    'cluster-role-gateways.yaml',
    gatewayPermissions(GATEWAYS.map((kind) => clusterGateway({ kind, name: kind.name, upstream: 'pods' }))),
  ],
  ['cluster-role-own-gateway.yaml', OWN_GATEWAY_PERMISSIONS],
] as const) {
  test(`kubernetes/${file} grants exactly what the program needs`, () => {
    const path = join(import.meta.dirname, '../../kubernetes', file);
    const { rules } = parse(readFileSync(path, 'utf8')) as { rules: Rule[] };
    const granted = rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
      ),
    );
    assert.deepEqual(granted.sort(), written(permissions));
  });
}

for (const kind of WORKLOAD_KINDS) {
  for (const disruption of DISRUPTIONS) {
    for (const dryRun of [false, true]) {
      test(`run on a ${kind}, ${disruption}${dryRun ? ', with --dry-run' : ''}`, () => {
        const asked = written(runPermissions({ kind, disruption, dryRun }));
        const patches = ['rollout', 'rollback', 'bad-version', 'scale-down'].includes(disruption);
        assert.equal(asked.includes(`patch apps/${kind.toLowerCase()}s`), patches && !dryRun, `${asked}`);
        assert.equal(asked.includes('watch /pods'), !dryRun, `${asked}`);
        assert.equal(asked.includes('create /pods'), disruption === 'restart' && !dryRun, `${asked}`);
        const others = WORKLOAD_KINDS.filter((other) => other !== kind).map((other) => `${other.toLowerCase()}s`);
        assert.ok(!asked.some((permission) => others.some((other) => permission.includes(other))), `${asked}`);
        assert.ok(!asked.some((permission) => permission.includes('log')), `${asked}`);
      });
    }
  }
}

test("a role in the gateway's namespace is asked for only there", () => {
  const way = controllerWay({ gateway: 'infra/public', gatewayService: 'edge/web', gatewayLogs: 'logs/web' });
  assert.ok(way);
  const { everywhere, inNamespaces } = controllerPermissions(way);
  assert.deepEqual(written(everywhere), [
    'create gateway.networking.k8s.io/httproutes',
    'get gateway.networking.k8s.io/gatewayclasses',
    'get gateway.networking.k8s.io/httproutes',
  ]);
  assert.deepEqual(
    inNamespaces.map(({ namespace, permissions }) => [namespace, written(permissions)]),
    [
      ['infra', ['get gateway.networking.k8s.io/gateways']],
      ['edge', ['get /services']],
      ['logs', ['get /pods/log', 'get apps/daemonsets', 'get apps/deployments', 'list /pods', 'watch /pods']],
    ],
  );
});
