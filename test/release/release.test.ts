/** What may be released, and what its release says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { projectFile } from '../../src/project-file.ts';
import { changelogEntries } from '../../tools/release/changelog.ts';
import { type PackageFile, type Release, releaseProblems, versionOf } from '../../tools/release/release-problems.ts';
import { sbomOf } from '../../tools/release/sbom.ts';

const CHANGELOG =
  '# Changelog\n\n## [1.2.3] - 2026-01-31\n\n### Fixed\n\n- a fault\n\n## [1.2.2] - 2026-01-01\n\n- old\n';

const UUID = '5d9c8d4e-6c2f-4a43-9d55-0a5f7f4b3a11';

function packageFile(changed: Partial<PackageFile> = {}): PackageFile {
  const repository = 'git+https://github.com/owner/name.git';
  return { file: 'package.json', name: 'a', version: '1.2.3', repository, ...changed };
}

function release(changed: Partial<Release> = {}): Release {
  return {
    tag: 'v1.2.3',
    packages: [packageFile(), packageFile({ file: 'packages/serve/package.json' })],
    changelog: CHANGELOG,
    repository: 'owner/name',
    ...changed,
  };
}

describe('a release', () => {
  const table: [what: string, changed: Partial<Release>, problems: string[]][] = [
    ['is ready', {}, []],
    [
      'is ready outside GitHub, whatever the repository',
      { repository: undefined, packages: [packageFile({ repository: undefined })] },
      [],
    ],
    [
      'is ready with another way to write the repository',
      { packages: [packageFile({ repository: 'https://github.com/Owner/name' })] },
      [],
    ],
    [
      'needs the version of the tag in each package',
      { packages: [packageFile({ version: '1.2.2' }), packageFile({ file: 'serve.json', version: '1.3.0' })] },
      ['package.json has version 1.2.2, but the tag is v1.2.3', 'serve.json has version 1.3.0, but the tag is v1.2.3'],
    ],
    [
      'needs public packages',
      { packages: [packageFile({ private: true })] },
      ['package.json is private: remove that field'],
    ],
    [
      'needs a repository',
      { packages: [packageFile({ repository: undefined })] },
      ['package.json has no repository: set repository.url to git+https://github.com/owner/name.git'],
    ],
    [
      'needs its own repository',
      { packages: [packageFile({ repository: 'https://github.com/other/name.git' })] },
      [
        'package.json has the repository https://github.com/other/name.git: set repository.url to git+https://github.com/owner/name.git',
      ],
    ],
    [
      'needs its entry on top',
      { changelog: CHANGELOG.replace('# Changelog', '## [Unreleased]') },
      ['CHANGELOG.md begins with [Unreleased]: begin with [1.2.3]'],
    ],
    [
      'needs a date',
      { changelog: CHANGELOG.replace(' - 2026-01-31', '') },
      ['CHANGELOG.md: [1.2.3] has no date: write "## [1.2.3] - YYYY-MM-DD"'],
    ],
    ['needs a text', { changelog: '## [1.2.3] - 2026-01-31\n' }, ['CHANGELOG.md: [1.2.3] says nothing']],
    [
      'needs headings of one form',
      { changelog: `${CHANGELOG}\n## 1.2.1\n` },
      ['CHANGELOG.md:13: "## 1.2.1" must be "## [X.Y.Z] - YYYY-MM-DD" or "## [Unreleased]"'],
    ],
    ['needs an entry', { changelog: '' }, ['CHANGELOG.md has no entry']],
  ];
  for (const [what, changed, problems] of table) {
    test(what, () => assert.deepEqual(releaseProblems(release(changed)), problems));
  }
});

describe('a tag', () => {
  for (const [tag, version] of [
    ['v0.1.0', '0.1.0'],
    ['v10.20.30', '10.20.30'],
    ['v1.0.0-rc.1', '1.0.0-rc.1'],
  ] as const) {
    test(tag, () => assert.equal(versionOf(tag), version));
  }
  for (const tag of ['1.2.3', 'v1.2', 'v01.2.3', 'v1.2.3 ', 'v1.2.3;ls', 'v1.2.3-', 'vx']) {
    test(`"${tag}" is none`, () => {
      assert.equal(versionOf(tag), undefined);
      assert.deepEqual(releaseProblems(release({ tag })), [
        `the tag "${tag}" must be a version with a v in front, as in v1.2.3`,
      ]);
    });
  }
});

test('the text of a release is its entry, without the heading and the older ones', () => {
  assert.deepEqual(changelogEntries(CHANGELOG), [
    { version: '1.2.3', date: '2026-01-31', text: '### Fixed\n\n- a fault' },
    { version: '1.2.2', date: '2026-01-01', text: '- old' },
  ]);
});

test('the SBOM lists what is bundled', () => {
  const licenses = [
    'This package contains code of the following packages.',
    '',
    '@hono/node-server 2.1.9: MIT',
    'string-argv 0.4.0: (MIT OR Apache-2.0)',
    '',
    '-'.repeat(80),
    'other 1.0.0: a line of a licence',
  ].join('\n');
  const { metadata, components } = sbomOf(UUID, { name: 'a', version: '1.2.3' }, licenses);
  assert.equal(metadata.component.purl, 'pkg:npm/a@1.2.3');
  assert.deepEqual(
    components.map(({ purl, licenses }) => [purl, licenses[0]?.expression]),
    [
      ['pkg:npm/%40hono/node-server@2.1.9', 'MIT'],
      ['pkg:npm/string-argv@0.4.0', '(MIT OR Apache-2.0)'],
    ],
  );
});

test('a list of bundled packages that has another form is no SBOM', () => {
  assert.throws(() => sbomOf(UUID, { name: 'a', version: '1.2.3' }, 'something else'), /names no package/);
  assert.throws(() => sbomOf(UUID, { name: 'a', version: '1.2.3' }, 'head\n\nhono: MIT\n\n'), /"hono: MIT"/);
});

test("this project's changelog can be read", () => {
  const [top] = changelogEntries(readFileSync(projectFile('CHANGELOG.md'), 'utf8'));
  assert.ok(top?.text);
});
