import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { PERMISSIONS } from '../../src/clusters/kubernetes/preflight.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

test('the ClusterRole grants what the program asks for, and nothing else', () => {
  const file = join(import.meta.dirname, '../../kubernetes/cluster-role.yaml');
  const { rules } = parse(readFileSync(file, 'utf8')) as { rules: Rule[] };
  const granted = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`))),
  );
  const needed = PERMISSIONS.flatMap(({ group, resource, verbs }) =>
    verbs.map((verb) => `${verb} ${group}/${resource}`),
  );
  assert.deepEqual(granted.sort(), needed.sort());
});
