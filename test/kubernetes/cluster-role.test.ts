/** The roles in kubernetes/ grant exactly what the program needs. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { PERMISSIONS, type Permission, runPermissions } from '../../src/clusters/kubernetes/preflight.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** Everything that any variant of `run` needs. */
const RUN_PERMISSIONS = (['Deployment', 'StatefulSet'] as const).flatMap((kind) =>
  [true, false].flatMap((trigger) => [true, false].flatMap((dryRun) => runPermissions({ kind, trigger, dryRun }))),
);

function written(permissions: readonly Permission[]): string[] {
  const all = permissions.flatMap(({ group, resource, verbs }) => verbs.map((verb) => `${verb} ${group}/${resource}`));
  return [...new Set(all)].sort();
}

for (const [file, permissions] of [
  ['cluster-role.yaml', PERMISSIONS],
  ['role-run.yaml', RUN_PERMISSIONS],
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

const OTHER = { Deployment: 'statefulsets', StatefulSet: 'deployments' } as const;

for (const kind of ['Deployment', 'StatefulSet'] as const) {
  for (const trigger of [false, true]) {
    for (const dryRun of [false, true]) {
      test(`run on a ${kind}${trigger ? ' with --trigger' : ''}${dryRun ? ' with --dry-run' : ''}`, () => {
        const asked = written(runPermissions({ kind, trigger, dryRun }));
        assert.equal(asked.includes(`patch apps/${kind.toLowerCase()}s`), !trigger && !dryRun, `${asked}`);
        assert.equal(asked.includes('watch /pods'), !dryRun, `${asked}`);
        assert.ok(!asked.some((permission) => permission.includes(OTHER[kind])), `${asked}`);
        assert.ok(!asked.some((permission) => permission.includes('log')), `${asked}`);
      });
    }
  }
}
