import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { type RequestMix, readRequestMix, scaleRequestMix, totalRate } from '../../src/load/request-mix.ts';
import { requestMixFromSettings } from '../../src/load/request-settings.ts';
import { projectFile } from '../../src/project-file.ts';

const requestMix = readRequestMix(projectFile('workload.json'));

describe('a request mix scaled to another rate', () => {
  const scales = [1, 10, 42, 419, 420, 840, 20_000];
  for (const rate of scales) {
    test(`${rate}/s: the same mix, each connection as busy as before`, () => {
      const scaled = scaleRequestMix(requestMix, rate);
      assert.ok(Math.abs(totalRate(scaled) - rate) < 1e-6, `${totalRate(scaled)}`);
      scaled.scenarios.forEach((scenario, index) => {
        const { ratePerSecond = 0, connections = 0, ...same } = requestMix.scenarios[index] ?? {};
        const { ratePerSecond: newRate, connections: newConnections, ...others } = scenario;
        assert.deepEqual(others, same);
        assert.ok(Math.abs(newRate / rate - ratePerSecond / totalRate(requestMix)) < 1e-9);
        const exact = (connections * rate) / totalRate(requestMix);
        assert.ok(
          newConnections >= Math.max(1, exact) - 1e-9 && newConnections < exact + 1,
          `${newConnections} for ${exact}`,
        );
      });
    });
  }

  test('to its own rate is the same', () =>
    assert.deepEqual(scaleRequestMix(requestMix, totalRate(requestMix)), requestMix));
});

describe('a file that is not a request mix is rejected in one line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'workload-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const [first] = requestMix.scenarios;
  const table: [
    what: string,
    content: string | (Omit<RequestMix, 'scenarios'> & { scenarios: unknown[] }),
    message: RegExp,
  ][] = [
    ['invalid JSON', '{\n  "format": oops\n}\n', /: is not JSON/],
    ['an empty file', '', /: is not JSON/],
    ['another format', '{"format":"x","scenarios":[]}', /: format: .*k8s-rollout-test\/workload\/1/],
    ['no scenario', { ...requestMix, scenarios: [] }, /: scenarios: /],
    ['an unknown method', { ...requestMix, scenarios: [{ ...first, method: 'HEAD' }] }, /: scenarios\[0\]\.method: /],
    [
      'a path without a slash',
      { ...requestMix, scenarios: [first, { ...first, path: 'x' }] },
      /: scenarios\[1\]\.path: /,
    ],
    [
      'a rate of 0',
      { ...requestMix, scenarios: [{ ...first, ratePerSecond: 0 }] },
      /: scenarios\[0\]\.ratePerSecond: /,
    ],
    [
      'a misspelled field',
      { ...requestMix, scenarios: [{ ...first, timeoutMS: 5 }] },
      /: scenarios\[0\]: .*"timeoutMS"/,
    ],
  ];
  for (const [what, content, message] of table) {
    test(what, () => {
      const file = join(folder, 'workload.json');
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
      assert.throws(
        () => readRequestMix(file),
        (error) => {
          assert.ok(error instanceof InputError);
          assert.match(error.message, message);
          assert.ok(error.message.startsWith(file));
          assert.doesNotMatch(error.message, /\n/);
          return true;
        },
      );
    });
  }

  for (const path of [
    '/a b',
    '/\r\nx: y',
    '//elsewhere',
    '/a#b',
    '/\\x',
    '/\u00e9',
    'http://x/',
    '',
    `/${'x'.repeat(9000)}`,
  ]) {
    test(`the path ${JSON.stringify(path.slice(0, 20))}, in a file and as a flag`, () => {
      const file = join(folder, 'workload.json');
      writeFileSync(file, JSON.stringify({ ...requestMix, scenarios: [{ ...first, path }] }));
      assert.throws(() => readRequestMix(file), { constructor: InputError, message: /: scenarios\[0\]\.path: / });
      assert.throws(() => requestMixFromSettings({ path }), { constructor: InputError, message: /^--path / });
    });
  }

  test('a missing file', () => {
    const file = join(folder, 'missing.json');
    assert.throws(() => readRequestMix(file), {
      constructor: InputError,
      message: /missing\.json: there is no such file/,
    });
  });
});
