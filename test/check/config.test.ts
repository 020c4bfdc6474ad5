import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { findConfig, readConfig } from '../../src/check/config/config-file.ts';
import { InputError } from '../../src/errors.ts';

/** In a folder with this config file. */
async function withConfig<T>(text: string, work: (file: string, folder: string) => T): Promise<Awaited<T>> {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  try {
    const file = join(folder, '.rollout-test.yaml');
    writeFileSync(file, text);
    return await work(file, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a config file has rules, delays and settings for some workloads', async () => {
  const text = `rules:
  no-prestop: off
  deployment-replicas: warning
  npm-as-pid1: {severity: "off", reason: "behind tini -g"}
  shell-pid1: on
failOn: error
drainDelaySeconds: 2
workloads:
  - name: web-*
    kind: Deployment
    longestRequestSeconds: 30
    rules: {no-prestop: on}
  - name: db
`;
  await withConfig(text, async (file) => {
    assert.deepEqual(await readConfig(file), {
      options: { drainDelaySeconds: 2 },
      failOn: 'error',
      settings: {
        file,
        rules: {
          'no-prestop': { severity: 'off' },
          'deployment-replicas': { severity: 'warning' },
          'npm-as-pid1': { severity: 'off', reason: 'behind tini -g' },
          'shell-pid1': { severity: 'on' },
        },
        workloads: [
          { name: 'web-*', kind: 'Deployment', longestRequestSeconds: 30, rules: { 'no-prestop': { severity: 'on' } } },
          { name: 'db', rules: {} },
        ],
      },
    });
  });
});

test('an empty config file changes nothing', async () => {
  await withConfig('# nothing\nrules:\n', async (file) => {
    assert.deepEqual(await readConfig(file), { options: {}, settings: { file, rules: {}, workloads: [] } });
  });
});

describe('refused in one line that names file and line is', () => {
  const table: [what: string, text: string, message: RegExp][] = [
    [
      'an unknown rule',
      'rules:\n  no-prestop: off\n  no-prestp: off\n',
      /:3:3: no rule "no-prestp": `k8s-rollout-test explain`/,
    ],
    ['an unknown rule of a workload', 'workloads:\n  - name: a\n    rules:\n      x: off\n', /:4:7: no rule "x": /],
    ['an unknown key', 'rule: {}\n', /:1:1: unknown key "rule": docs\/silencing\.md has the keys$/],
    ['an unknown key of a workload', 'workloads:\n  - {name: a, drainDelay: 1}\n', /:2:15: unknown key "drainDelay"/],
    [
      'a severity that is none',
      'rules:\n  no-prestop: fatal\n',
      /:2:3: rules\.no-prestop: must be off, on, error, warning or info$/,
    ],
    [
      'a setting without a severity',
      'rules:\n  no-prestop: {reason: a}\n',
      /:2:3: rules\.no-prestop: needs a severity \(/,
    ],
    ['a delay that is text', 'drainDelaySeconds: 5s\n', /:1:1: drainDelaySeconds: .*expected number/],
    ['a negative delay', 'longestRequestSeconds: -1\n', /:1:1: longestRequestSeconds: .*>=0/],
    ['a workload without a name', 'workloads:\n  - kind: Deployment\n', /:2:5: workloads\[0\]\.name: /],
    ['a key twice', 'failOn: error\nfailOn: info\n', /:2:1: "failOn" is written twice$/],
    ['a list', '- a\n', /:1:1: .*expected object/],
    ['two documents', 'failOn: error\n---\nfailOn: info\n', /:3:1: a config file has one document$/],
    ['no YAML', 'rules: [\n', /:\d+:\d+: not valid YAML: /],
  ];
  for (const [what, text, message] of table) {
    test(what, () =>
      withConfig(text, (file) =>
        assert.rejects(readConfig(file), (error) => {
          assert.ok(error instanceof InputError, `${error}`);
          assert.ok(error.message.startsWith(file));
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /\n/);
          return true;
        }),
      ),
    );
  }
});

describe('the config file is', () => {
  test('that of the folder, or of the nearest one above it in the repository', () =>
    withConfig('', (file, folder) => {
      const [inner, innermost] = [join(folder, 'a'), join(folder, 'a/b')];
      mkdirSync(innermost, { recursive: true });
      mkdirSync(join(folder, '.git'));
      assert.equal(findConfig(innermost), relative('.', file));
      writeFileSync(join(inner, '.rollout-test.yaml'), '');
      assert.equal(findConfig(innermost), relative('.', join(inner, '.rollout-test.yaml')));
    }));

  test('none above the root of the repository', () =>
    withConfig('', (_, folder) => {
      mkdirSync(join(folder, 'a/.git'), { recursive: true });
      mkdirSync(join(folder, 'a/b'));
      assert.equal(findConfig(join(folder, 'a/b')), undefined);
    }));

  test('only that of the folder itself outside a repository', () =>
    withConfig('', (file, folder) => {
      mkdirSync(join(folder, 'a'));
      assert.equal(findConfig(join(folder, 'a')), undefined);
      assert.equal(findConfig(folder), relative('.', file));
    }));
});
