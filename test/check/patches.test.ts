import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { check } from '../../src/check/check.ts';
import type { Finding } from '../../src/check/finding.ts';
import { applied, withPatch } from './patched.ts';

const FOLDER = new URL('cases/', import.meta.url);

describe('the patches of the cases', () => {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'));
  const found = files.flatMap((file) => {
    const yaml = readFileSync(new URL(file, FOLDER), 'utf8');
    return findingsIn(yaml)
      .filter(({ patch }) => patch)
      .map((finding) => ({ file, yaml, finding }));
  });

  for (const { file, yaml, finding } of found) {
    const { rule, object } = finding;
    test(`${file}: ${rule} of ${object?.kind} "${object?.name}" is fixed and harms nothing`, () => {
      const after = findingsIn(withPatch(yaml, finding));
      const left = after.filter((one) => one.rule === rule && one.object?.name === object?.name);
      assert.deepEqual(left, []);
      assert.deepEqual(refusals(after), refusals(findingsIn(yaml)));
    });
  }

  test('no workload that holds state gets replicas', () => {
    for (const { finding, yaml, file } of found) {
      const holdsState = /volumeClaimTemplates|persistentVolumeClaim|image: '?(postgres|redis|mysql)/.test(yaml);
      const { spec } = finding.patch as { spec: Record<string, unknown> };
      if (holdsState) assert.equal(spec.replicas, undefined, file);
    }
  });
});

describe('applying a patch', () => {
  const table: [what: string, base: unknown, patch: unknown, result: unknown][] = [
    ['a field', { a: 1, b: 2 }, { b: 3 }, { a: 1, b: 3 }],
    ['null removes', { a: { b: 1, c: 2 } }, { a: { b: null } }, { a: { c: 2 } }],
    [
      'named items',
      { l: [{ name: 'x', a: 1 }, { name: 'y' }] },
      { l: [{ name: 'x', a: 2 }, { name: 'z' }] },
      { l: [{ name: 'x', a: 2 }, { name: 'y' }, { name: 'z' }] },
    ],
    ['other lists are replaced', { l: [1, 2] }, { l: [3] }, { l: [3] }],
  ];
  for (const [what, base, patch, result] of table) {
    test(what, () => assert.deepEqual(applied(base, patch), result));
  }
});

function findingsIn(text: string): Finding[] {
  const options = { longestRequestSeconds: 0, drainDelaySeconds: 0 };
  return check({ manifests: [{ name: 'case.yaml', text }], options }).findings;
}

function refusals(findings: readonly Finding[]): string[] {
  return findings.filter(({ rule }) => rule === 'refused-by-api-server').map(({ message }) => message);
}
