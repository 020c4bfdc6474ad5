/** Every field of the Kubernetes API has a policy on the local cluster. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { policyOf } from '../../src/clusters/local/fields/field-outcomes.ts';
import { FIELDS } from '../../src/clusters/local/fields/field-report.ts';
import { KINDS } from '../../src/clusters/local/fields/kinds.ts';
import { type FieldTree, Policy } from '../../src/clusters/local/fields/policy.ts';

interface Api {
  version: string;
  fields: Record<keyof typeof FIELDS | 'PodTemplateSpec', string[]>;
  kinds: string[];
}

/** Written by tools/kubernetes-fields from what API servers publish. */
const APIS = ['1.34', '1.37'].map((version): Api => {
  const file = join(import.meta.dirname, '..', 'fixtures', `kubernetes-${version}-fields.json`);
  return JSON.parse(readFileSync(file, 'utf8'));
});
const KINDS_WITH_FIELDS = Object.keys(FIELDS) as (keyof typeof FIELDS)[];

/** The paths of all fields of a kind. */
function pathsOf({ fields }: Api, kind: keyof typeof FIELDS): string[][] {
  const template = ['Service', 'Namespace'].includes(kind)
    ? []
    : fields.PodTemplateSpec.map((field) => `spec.template.${field}`);
  return [...fields[kind], ...template].map((field) => field.split('.'));
}

/** The policy that holds for a path, and where it stands. */
function find(tree: FieldTree, path: readonly string[]): { policy: Policy; depth: number } | undefined {
  let at: FieldTree | Policy | undefined = tree;
  for (const [depth, key] of path.entries()) {
    if (at instanceof Policy) return { policy: at, depth };
    at = at && policyOf(at, key);
  }
  return at instanceof Policy ? { policy: at, depth: path.length } : undefined;
}

describe('of each field of the Kubernetes API it is said what becomes of it', () => {
  for (const api of APIS) {
    for (const kind of KINDS_WITH_FIELDS) {
      test(`${kind} in ${api.version}`, () => {
        const without = pathsOf(api, kind).filter((path) => !find(FIELDS[kind], path));
        assert.deepEqual(
          without.map((path) => path.join('.')),
          [],
        );
      });
      test(`${kind} in ${api.version}: what is carried out is a single value, because fields may be added below others`, () => {
        const coarse = pathsOf(api, kind).filter((path) => {
          const found = find(FIELDS[kind], path);
          return found?.policy.outcome === 'carried out' && found.depth < path.length;
        });
        assert.deepEqual(
          coarse.map((path) => path.join('.')),
          [],
        );
      });
    }
    test(`every kind in ${api.version}`, () => {
      assert.deepEqual(
        api.kinds.filter((kind) => !Object.hasOwn(KINDS, kind)),
        [],
      );
    });
  }
});

describe('no policy is for a field that no version has', () => {
  for (const kind of KINDS_WITH_FIELDS) {
    test(kind, () => {
      const known = APIS.flatMap((api) => pathsOf(api, kind));
      const stale = policiesIn(FIELDS[kind]).filter(
        (path) => !known.some((field) => path.every((key, index) => field[index] === key || field[index] === '*')),
      );
      assert.deepEqual(
        stale.map((path) => path.join('.')),
        [],
      );
    });
  }
});

function policiesIn(tree: FieldTree, path: string[] = []): string[][] {
  return Object.entries(tree).flatMap(([key, policy]) =>
    policy instanceof Policy ? [[...path, key]] : policiesIn(policy, [...path, key]),
  );
}

test('every field that is refused or has no effect has a reason, which is part of a sentence', () => {
  const policies = KINDS_WITH_FIELDS.flatMap((kind) => leavesOf(FIELDS[kind]));
  const reasons = policies.flatMap((policy) =>
    [policy, ...policy.exceptions].flatMap(({ outcome, why }) => (outcome === 'carried out' && !why ? [] : [why])),
  );
  for (const why of [...reasons, ...Object.values(KINDS).map((kind) => kind.why)]) {
    assert.match(why ?? '', /^\S.*[^.;\s]$/);
  }
  assert.ok(reasons.length > 100);
});

function leavesOf(tree: FieldTree | Policy): Policy[] {
  return tree instanceof Policy ? [tree] : Object.values(tree).flatMap(leavesOf);
}
