import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { findManifests } from '../../src/manifests/manifest-paths.ts';

const KUSTOMIZATION = `resources: [web.yaml]
patches: [{path: patch.yaml}, {patch: "- op: remove"}]
patchesStrategicMerge: [sub/merge.yaml]
`;

const FILES: Record<string, string> = {
  'web.yaml': '',
  'api.yml': '',
  'cm.json': '{}',
  'notes.txt': '',
  'sub/deep.yaml': '',
  'sub/deeper/last.yaml': '',
  '.hidden/secret.yaml': '',
  'node_modules/a/a.yaml': '',
  'chart/Chart.yaml': '',
  'chart/templates/web.yaml': '{{ a }}',
  'kust/kustomization.yaml': KUSTOMIZATION,
  'kust/web.yaml': '',
  'kust/patch.yaml': '',
  'kust/sub/merge.yaml': '',
  'broken/kustomization.yaml': '[',
  'broken/web.yaml': '',
  '[a].yaml': '',
  'none/readme.md': '',
};

/** What is found in a folder with these files, by paths within it. */
function inFolder<T>(work: (folder: string, find: (paths: string[], recursive?: boolean) => string[]) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'paths-'));
  try {
    for (const [name, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    symlinkSync('..', join(folder, 'sub/loop'));
    symlinkSync('web.yaml', join(folder, 'link.yaml'));
    const find = (paths: string[], recursive = false) =>
      findManifests(
        paths.map((path) => join(folder, path)),
        recursive,
      ).files.map(({ path }) => relative(folder, path));
    return work(folder, find);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('manifests are found', () => {
  const table: [what: string, paths: string[], recursive: boolean, files: string[]][] = [
    ['in a folder, by name', ['.'], false, ['[a].yaml', 'api.yml', 'cm.json', 'link.yaml', 'web.yaml']],
    [
      'in the folders below it',
      ['.'],
      true,
      [
        '[a].yaml',
        'api.yml',
        'broken/web.yaml',
        'cm.json',
        'kust/web.yaml',
        'link.yaml',
        'sub/deep.yaml',
        'sub/deeper/last.yaml',
        'web.yaml',
      ],
    ],
    [
      'once, in the order in which they are named',
      ['web.yaml', '.', './web.yaml'],
      false,
      ['web.yaml', '[a].yaml', 'api.yml', 'cm.json', 'link.yaml'],
    ],
    ['by a pattern', ['*.yaml'], false, ['[a].yaml', 'link.yaml', 'web.yaml']],
    ['by a pattern of folders', ['s*/*.yaml'], false, ['sub/deep.yaml']],
    ['by a pattern for any folders', ['**/*e?p.yaml'], false, ['sub/deep.yaml']],
    ['by a pattern for a folder', ['su?'], false, ['sub/deep.yaml']],
    ['by a range', ['[a-c]*'], false, ['api.yml', 'broken/web.yaml', 'cm.json']],
    ['by its name, if that looks like a pattern', ['[a].yaml'], false, ['[a].yaml']],
    ['with a literal character', ['\\[a].y*'], false, ['[a].yaml']],
    ['even if there are none, for the reader to say so', ['nowhere.yaml'], false, ['nowhere.yaml']],
  ];
  for (const [what, paths, recursive, files] of table) {
    test(what, () => inFolder((_, find) => assert.deepEqual(find(paths, recursive), files)));
  }

  test('standard input is no file', () =>
    assert.deepEqual(findManifests(['-'], true).files, [{ path: '-', searched: false }]));

  test('notes say what was left out, and files of a search are known', () => {
    inFolder((folder) => {
      const { notes, files } = findManifests([folder, join(folder, 'web.yaml')], true);
      assert.deepEqual(
        notes.map((note) => relative(folder, note.replace(/:.*/, ''))),
        ['broken', 'chart', 'kust'],
      );
      assert.match(
        notes[1] ?? '',
        /: a Helm chart must be rendered: helm template chart .*chart \| k8s-rollout-test check -\.$/,
      );
      assert.match(
        notes[2] ?? '',
        /kust: a kustomization was not rendered, and its patches are not checked: use -k .*kust\.$/,
      );
      const searched = (name: string) => files.find(({ path }) => path === join(folder, name))?.searched;
      assert.deepEqual([searched('sub/deep.yaml'), searched('web.yaml')], [true, false]);
    });
  });
});

describe('refused in one line is', () => {
  const table: [what: string, path: string, message: RegExp][] = [
    ['a pattern without a match', 'x*', /x\*: no file matches this pattern$/],
    ['a range that runs backwards', '[z-a]*', /\[z-a\]\*: not a pattern of file names$/],
    [
      'a folder without manifests',
      'none',
      /none: no file in it ends with \.json, \.yaml, \.yml: -R reads the folders below/,
    ],
    ['a chart', 'chart', /chart: a Helm chart must be rendered: helm template chart /],
  ];
  for (const [what, path, message] of table) {
    test(what, () => inFolder((_, find) => assert.throws(() => find([path]), { constructor: InputError, message })));
  }
});
