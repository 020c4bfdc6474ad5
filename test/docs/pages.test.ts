import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { isMap, parseDocument } from 'yaml';
import { CAUSES } from '../../src/analysis/causes.ts';
import { readDockerfile } from '../../src/check/dockerfile.ts';
import { RULES, rulePage } from '../../src/check/registry.ts';
import { projectFile } from '../../src/project-file.ts';
import { PAGES } from '../../tools/pages/pages.ts';

describe('generated pages are up to date', () => {
  for (const { file, render } of PAGES) {
    test(file, () => {
      assert.equal(readFileSync(projectFile(file), 'utf8'), render(), `${file} is stale: run npm run docs`);
    });
  }
});

test('every rule and every cause has the heading that links point to', () => {
  assert.deepEqual(
    headings('docs/checks.md'),
    RULES.map(({ id }) => id),
  );
  assert.deepEqual(
    headings('docs/causes.md'),
    CAUSES.map(({ id }) => id),
  );
  assert.equal(rulePage('no-prestop'), 'docs/checks.md#no-prestop');
});

test('links between the pages have a target', () => {
  for (const { file } of PAGES) {
    const text = readFileSync(projectFile(file), 'utf8');
    for (const [, target = '', anchor = ''] of text.matchAll(/\]\(([^)#]*)#([^)]+)\)/g)) {
      const page = target === '' ? file : `docs/${target}`;
      assert.ok(headings(page).map(anchorOf).includes(anchor), `${page}#${anchor}`);
    }
  }
});

function headings(file: string): string[] {
  return [...readFileSync(projectFile(file), 'utf8').matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);
}

/** As on GitHub. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}

describe('the example fix of a rule is valid', () => {
  for (const { id, fix } of RULES) {
    test(id, () => {
      if (fix.startsWith('#!')) {
        assert.match(fix, /\nexec /);
        return;
      }
      if (fix.startsWith('FROM ')) {
        assert.ok(readDockerfile(fix, 'Dockerfile').baseImage);
        return;
      }
      const document = parseDocument(fix);
      assert.deepEqual(document.errors, []);
      assert.ok(isMap(document.contents) && document.has('kind') && (document.has('spec') || document.has('metadata')));
      const dockerfile = /^# ((?:CMD|ENTRYPOINT) .*)$/m.exec(fix)?.[1];
      if (dockerfile) assert.equal(readDockerfile(`FROM a\n${dockerfile}`, 'Dockerfile').cmd?.form, 'exec');
    });
  }
});
