/** What `-f` and `-k` of `run` read, in which order. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, describe, test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { readInput } from '../../src/manifests/manifest-input.ts';
import { manifestsFromSources, readManifests } from '../../src/manifests/manifests.ts';
import { manifests, manifestText } from './manifest-text.ts';

const top = mkdtempSync(join(tmpdir(), 'input-'));
after(() => rmSync(top, { recursive: true }));
const folder = join(top, 'deploy');
mkdirSync(join(folder, 'nested.yaml'), { recursive: true });
for (const name of ['b.yml', 'a.yaml', 'c.json', 'notes.md', join('nested.yaml', 'd.yaml')]) {
  writeFileSync(join(folder, name), `# ${name}`);
}
mkdirSync(join(top, 'overlay'));
writeFileSync(join(top, 'overlay', 'kustomization.yaml'), '');
mkdirSync(join(top, 'empty'));

const names = async (file: string[], kustomize?: string) =>
  (await readInput({ file, kustomize })).map(({ name }) => relative(top, name));

describe('the sources are', () => {
  const a = join(folder, 'a.yaml');
  const table: [what: string, file: string[], expected: string[]][] = [
    ['files in their order', [join(folder, 'b.yml'), a], ['deploy/b.yml', 'deploy/a.yaml']],
    ["a folder's manifests by name, not nested ones", [folder], ['deploy/a.yaml', 'deploy/b.yml', 'deploy/c.json']],
    ['each once', [a, folder, a], ['deploy/a.yaml', 'deploy/b.yml', 'deploy/c.json']],
    ['none', [], []],
  ];
  for (const [what, file, expected] of table) {
    test(what, async () => assert.deepEqual(await names(file), expected));
  }
  test('a kustomization before files', async () => {
    const [first, second] = await readInput({ kustomize: 'kustomize/overlays/valid-node', file: [a] });
    assert.deepEqual([first?.name, second?.name], ['kustomize/overlays/valid-node (rendered)', a]);
  });

  const wrong: [what: string, file: string, message: RegExp][] = [
    ['a folder without manifests', join(top, 'empty'), /has no file that ends with \.json, \.yaml, \.yml; /],
    ['a folder with a kustomization', join(top, 'overlay'), /has a kustomization\.yaml: render it with -k /],
    ['a missing file', join(top, 'nowhere'), /nowhere: no such file$/],
  ];
  for (const [what, file, message] of wrong) {
    test(`not ${what}`, () => assert.rejects(readInput({ file: [file] }), { constructor: InputError, message }));
  }
});

describe('read alike are', () => {
  const expected = manifests();
  const { objects } = expected;
  const table: [what: string, sources: string[]][] = [
    ['two files', objects.map((object) => JSON.stringify(object))],
    ['a List', [JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })]],
    ['JSON with a space before it', [` ${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })}`]],
    ['Windows line ends', [manifestText().replaceAll('\n', '\r\n')]],
    ['a byte order mark', [`\ufeff${manifestText()}`]],
    [
      'an output of helm template',
      [
        `---\n# Source: shop/templates/all.yaml\n${manifestText().replaceAll('---\n', '---\n# Source: b\n')}---\n# nothing\n`,
      ],
    ],
  ];
  for (const [what, texts] of table) {
    test(what, () => {
      const read = manifestsFromSources(texts.map((text) => ({ name: 'shop.yaml', text })));
      assert.deepEqual([read.workload, read.service], [expected.workload, expected.service]);
    });
  }

  test('an export of a live cluster', () => {
    const exported = objects.map((object) => ({
      ...object,
      metadata: {
        ...(object.metadata as object),
        namespace: 'prod',
        creationTimestamp: '2026-01-02T03:04:05Z',
        generation: 4,
        resourceVersion: '1234',
        uid: '6d5c0d6e-0000-4000-8000-000000000000',
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      },
      status: {},
    }));
    const read = readManifests(
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: exported, metadata: { resourceVersion: '' } }),
      'live',
    );
    assert.deepEqual(read.workload.spec, expected.workload.spec);
  });
});
