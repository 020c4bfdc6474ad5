/** The targets of links in the docs exist: other pages, headings, and files of this project. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { projectFile } from '../../src/project-file.ts';

const ROOT = dirname(projectFile('package.json'));
const LINK = /\]\(([^)\s]+)\)/g;
/**
 * `src/trace/trace.ts`, but neither `test/NAME.test.ts`, where the capitals are a placeholder, nor a user's `results/`.
 */
const OWN_PATH = /`((?:src|tools|test|test-cluster|test-browser|kustomize|runtimes|kubernetes|bench|app)\/[^`\s]+)`/g;
const PLACEHOLDER = /[A-Z]{3,}|[*{]/;

const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'bench/README.md'],
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(page: string): string[] {
  return [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function deadLinks(page: string, text: string): string[] {
  return [...text.matchAll(LINK)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [target = '', anchor] = link.split('#');
    const file = target === '' ? page : relative(ROOT, join(ROOT, dirname(page), target));
    if (!existsSync(join(ROOT, file))) return [link];
    return anchor === undefined || !file.endsWith('.md') || anchors(file).includes(anchor) ? [] : [link];
  });
}

function missingFiles(text: string): string[] {
  return [...text.matchAll(OWN_PATH)].flatMap(([, path = '']) =>
    PLACEHOLDER.test(path) || existsSync(join(ROOT, path)) ? [] : [path],
  );
}

describe('the targets of links exist', () => {
  for (const page of pages) {
    test(page, () => {
      const text = readFileSync(join(ROOT, page), 'utf8');
      assert.deepEqual([...deadLinks(page, text), ...missingFiles(text)], []);
    });
  }
});
