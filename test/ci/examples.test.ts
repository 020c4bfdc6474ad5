/** The examples in docs/ci.md name what is there: versions, inputs, jobs, variables, hooks and options. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { projectFile } from '../../src/project-file.ts';

const read = (file: string) => readFileSync(projectFile(file), 'utf8');
const PAGE = read('docs/ci.md');

/** Every object within every YAML example, and within what it holds. */
const OBJECTS = [...PAGE.matchAll(/```yaml\n(.*?)```/gs)].flatMap(([, text = '']) => {
  const documents = parseAllDocuments(text);
  return documents.flatMap((document) => {
    assert.deepEqual(document.errors, [], text);
    return within(document.toJS());
  });
});

function within(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(within);
  return Array.isArray(value) ? inner : [value as Record<string, unknown>, ...inner];
}

test('versions are that of the program', () => {
  const { version } = JSON.parse(read('package.json'));
  const examples = PAGE.matchAll(/(?:k8s-rollout-test(?:@v?|:|\/v)|rev: v)(\d+\.\d+\.\d+)/g);
  const versions = [...examples].map(([, example]) => example);
  assert.ok(versions.length > 10);
  assert.deepEqual([...new Set(versions)], [version]);
});

test('inputs of the action are declared, and the table has all of them', () => {
  const inputs = Object.keys(parse(read('action.yml')).inputs);
  const used = OBJECTS.filter(({ uses }) => String(uses).startsWith('OWNER/k8s-rollout-test@'));
  assert.ok(used.length >= 2);
  for (const step of used) {
    for (const name of Object.keys(step.with as object)) assert.ok(inputs.includes(name), name);
  }
  const table = PAGE.slice(PAGE.indexOf('| input'), PAGE.indexOf('The outputs are'));
  const listed = [...table.matchAll(/^\|([^|]+)\|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([\w-]+)`/g)]);
  assert.deepEqual(listed.map(([, name]) => name).sort(), inputs.sort());
});

test('jobs and variables of GitLab are those of the template', () => {
  const template = read('packages/gitlab/rollout-test.yml');
  const jobs = Object.keys(parse(template));
  const used = OBJECTS.filter((object) => 'extends' in object);
  assert.equal(used.length, 2);
  for (const job of used) assert.ok(jobs.includes(String(job.extends)));
  for (const [name] of PAGE.matchAll(/ROLLOUT_TEST_\w+/g)) assert.ok(template.includes(`    ${name}:`), name);
});

test('the hook is declared', () => {
  const ids = parse(read('.pre-commit-hooks.yaml')).map(({ id }: { id: string }) => id);
  const used = OBJECTS.filter((object) => 'files' in object && 'id' in object).map(({ id }) => id);
  assert.ok(used.length >= 2);
  for (const id of used) assert.ok(ids.includes(id));
});
