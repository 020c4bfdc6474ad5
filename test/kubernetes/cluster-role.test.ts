/** The roles in kubernetes/ grant exactly what the program needs. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { gatewayPermissions } from '../../src/clusters/kubernetes/gateways/permissions.ts';
import {
  DRAIN_PERMISSIONS,
  disruptionPermissions,
  PERMISSIONS,
  type Permission,
  runPermissions,
} from '../../src/clusters/kubernetes/preflight.ts';
import { WORKLOAD_KINDS } from '../../src/clusters/kubernetes/workload.ts';
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
