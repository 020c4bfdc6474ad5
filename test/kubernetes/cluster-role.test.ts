/** The roles in kubernetes/ grant what the program asks for, and nothing else. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { PERMISSIONS, RUN_PERMISSIONS } from '../../src/clusters/kubernetes/preflight.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

for (const [file, permissions] of [
  ['cluster-role.yaml', PERMISSIONS],
  ['role-run.yaml', RUN_PERMISSIONS],
] as const) {
  test(`kubernetes/${file} grants what the program asks for, and nothing else`, () => {
    const path = join(import.meta.dirname, '../../kubernetes', file);
    const { rules } = parse(readFileSync(path, 'utf8')) as { rules: Rule[] };
    const granted = rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
      ),
    );
    const needed = permissions.flatMap(({ group, resource, verbs }) =>
      verbs.map((verb) => `${verb} ${group}/${resource}`),
    );
    assert.deepEqual(granted.sort(), needed.sort());
  });
}
