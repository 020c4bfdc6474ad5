/** The script of the pre-commit hook, with the arguments that pre-commit gives it: options, then the files of the commit. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { parse } from 'yaml';
import { projectFile } from '../../src/project-file.ts';
import { goodText } from '../check/checked.ts';
import { manifestText } from '../manifests/manifest-text.ts';
import { folderWithNpx } from './npx.ts';

const top = mkdtempSync(join(tmpdir(), 'pre-commit-'));
after(() => rmSync(top, { recursive: true, force: true }));
const PATH = folderWithNpx(top);
const FILES = {
  'k8s/good.yaml': goodText(),
  'k8s/bad file.yaml': manifestText(),
  'k8s/service.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {}\n',
  'values.yml': 'a: 1\n',
  'config.yaml': 'rules: {no-prestop: off, no-readiness-probe: off}\n',
  Dockerfile: 'FROM node:24\nCMD npm start\n',
};
for (const [name, text] of Object.entries(FILES)) {
  mkdirSync(dirname(join(top, name)), { recursive: true });
  writeFileSync(join(top, name), text);
}
const [hook] = parse(readFileSync(projectFile('.pre-commit-hooks.yaml'), 'utf8'));

describe('the hook', () => {
  const table: [what: string, args: string[], code: number, output: RegExp][] = [
    ['passes a manifest without problems', ['k8s/good.yaml'], 0, /0 errors/],
    [
      'refuses one with problems, whatever its name',
      ['k8s/bad file.yaml'],
      1,
      /^warning no-prestop[\s\S]*?\n +k8s\/bad file\.yaml:\d+:\d+ /m,
    ],
    ['passes over what has no workload', ['values.yml', 'k8s/service.yaml'], 0, /^$/],
    ['passes over it beside a manifest', ['values.yml', 'k8s/good.yaml'], 0, /0 errors/],
    [
      'has options before the files',
      ['--format=github', 'k8s/bad file.yaml'],
      1,
      /^::warning file=k8s\/bad file\.yaml/,
    ],
    ['has options without a value before them', ['--json', 'k8s/good.yaml'], 0, /"findings"/],
    [
      'checks a Dockerfile beside nothing',
      ['--dockerfile', 'Dockerfile'],
      1,
      /^error shell-pid1[\s\S]*?\n +Dockerfile:2:\d+$/m,
    ],
    ['leaves the file of an option alone', ['-f', 'k8s/good.yaml', 'values.yml'], 0, /0 errors/],
    [
      'leaves the config file of an option alone',
      ['--config', 'config.yaml', 'k8s/bad file.yaml'],
      0,
      /by config\.yaml/,
    ],
    ['says what is wrong with no argument at all', [], 2, /nothing to check/],
  ];
  for (const [what, args, code, output] of table) {
    test(what, () => {
      const env = { PATH, HOME: top, NO_COLOR: '1' };
      const { status, stdout, stderr } = spawnSync(projectFile(hook.entry), args, { cwd: top, env, encoding: 'utf8' });
      assert.equal(status, code, stdout + stderr);
      assert.match(stdout + stderr, output);
    });
  }

  test('is a script of this repository that can be started', () => {
    assert.equal(hook.language, 'script');
    assert.ok(statSync(projectFile(hook.entry)).mode & 0o100);
  });
});
