/** The JSON schemas in docs/schemas: made from the definitions, and true of the files that they are for. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { Ajv, type ValidateFunction } from 'ajv';
import { Config } from '../../src/check/config/config-schema.ts';
import type { ConformanceResult } from '../../src/conform/suite.ts';
import { pathProblem, readRequestMix } from '../../src/load/request-mix.ts';
import { readRendered } from '../../src/manifests/render-files.ts';
import { projectFile } from '../../src/project-file.ts';
import { CheckDocument } from '../../src/report/check-document.ts';
import { checkJson } from '../../src/report/check-json.ts';
import { ConformDocument } from '../../src/report/conform-document.ts';
import { conformanceDocument } from '../../src/report/conform-json.ts';
import { Trace } from '../../src/trace/trace.ts';
import { SCHEMAS } from '../../tools/schemas/schemas.ts';
import { checked } from '../check/checked.ts';

const top = dirname(projectFile('package.json'));
const json = (file: string) => JSON.parse(readFileSync(join(top, file), 'utf8'));

function validator(name: string): ValidateFunction {
  return new Ajv({ strict: false, allErrors: true }).compile(json(`docs/schemas/${name}.schema.json`));
}

function assertValid(validate: ValidateFunction, value: unknown): void {
  assert.ok(validate(value), JSON.stringify(validate.errors?.slice(0, 3), null, 2));
}

describe('the schemas are up to date, and part of the package', () => {
  for (const { file, render } of SCHEMAS) {
    test(file, () => {
      assert.equal(readFileSync(join(top, file), 'utf8'), render(), `${file} is stale: run npm run schemas`);
      assert.ok(existsSync(join(top, file.replace('docs/', 'dist/'))));
    });
  }
});

describe('every committed file is valid', () => {
  const committed = readdirSync(join(top, 'docs/results'), { recursive: true, encoding: 'utf8' }).map((name) =>
    join('docs/results', name),
  );
  const table: [schema: string, files: string[]][] = [
    ['workload', ['workload.json']],
    ['result', committed.filter((name) => name.endsWith('/result.json'))],
    ['trace', committed.filter((name) => /\/traces\/.*\.json$/.test(name))],
  ];
  for (const [schema, files] of table) {
    const validate = validator(schema);
    assert.ok(files.length > 0);
    for (const file of files) test(file, () => assertValid(validate, json(file)));
  }
});

describe('what commands print is valid, and has no field that the schema does not know', () => {
  const conformed: ConformanceResult = {
    schemaVersion: 1,
    command: ['node', 'server.js'],
    pid1: true,
    graceMs: 10_000,
    stopSignal: 'SIGTERM',
    wrapper: { names: 'tini', server: 'node' },
    cases: [
      { number: 1, id: 'a', family: 'exit', title: 'A', durationMs: 1, status: 'pass' },
      { number: 2, id: 'b', family: 'work', title: 'B', durationMs: 2.5, status: 'fail', expected: 'x', seen: 'y' },
      { number: 4, id: 'd', family: 'exit', title: 'D', durationMs: 1, status: 'pass', seen: 'y' },
      { number: 5, id: 'e', family: 'exit', title: 'E', durationMs: 1, status: 'warning', seen: 'y', advice: 'z' },
      { number: 3, id: 'c', family: 'drain', title: 'C', durationMs: 0, status: 'not-applicable', reason: 'z' },
    ],
  };
  const table: [what: string, schema: string, value: unknown, known: unknown][] = [
    ...[{ yaml: readRendered('broken-node') }, { dockerfile: 'FROM node:24\nCMD npm start\n' }].map(
      (input): [string, string, unknown, unknown] => {
        const value = JSON.parse(JSON.stringify(checkJson(checked(input))));
        return [`check of ${Object.keys(input)[0]}`, 'check', value, CheckDocument.parse(value)];
      },
    ),
    ['conform', 'conform', conformanceDocument(conformed), ConformDocument.parse(conformanceDocument(conformed))],
  ];
  for (const [what, schema, value, known] of table) {
    test(what, () => {
      assertValid(validator(schema), value);
      assert.deepEqual(known, value);
    });
  }
});

describe('what the program refuses, the schema refuses too', () => {
  const trace = () => json('docs/results/local/traces/without-replicas-node-1.json');
  const table: [what: string, spoil: (trace: ReturnType<typeof json>) => void][] = [
    ['another format', (value) => Object.assign(value, { format: 'k8s-rollout-test/trace/1' })],
    ['a field that is missing within a list', (value) => delete value.cluster.pods[0].name],
    ['another type within a list', (value) => Object.assign(value.load.failures[0], { attempts: 1 })],
    ['another type within a map', (value) => Object.assign(value.load.hiddenRetries, { fresh: 'many' })],
    ['a number out of its bounds', (value) => Object.assign(value, { loadStartMs: 1e300 })],
  ];
  const validate = validator('trace');
  for (const [what, spoil] of table) {
    test(what, () => {
      const value = trace();
      spoil(value);
      assert.deepEqual([Trace.safeParse(value).success, validate(value)], [false, false]);
    });
  }
});

test('the path of a request is judged alike by the schema and by the program', () => {
  const validate = validator('workload');
  const paths = ['/', '/a?b=1&c=%20', '/~!"$[]', '', 'a', '//host', '/a b', '/a#b', '/a\\b', '/ä', '/a\nb', '/\x7f'];
  for (const path of paths) {
    const mix = json('workload.json');
    mix.scenarios[0].path = path;
    assert.equal(validate(mix), pathProblem(path) === undefined, JSON.stringify(path));
  }
});

test('a workload may name its schema, which is no part of the request mix', () => {
  const folder = mkdtempSync(join(tmpdir(), 'schema-'));
  try {
    const mix = json('workload.json');
    const named = { $schema: './node_modules/k8s-rollout-test/dist/schemas/workload.schema.json', ...mix };
    writeFileSync(join(folder, 'mix.json'), JSON.stringify(named));
    assertValid(validator('workload'), named);
    assert.deepEqual(readRequestMix(join(folder, 'mix.json')), mix);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a config file of check is judged alike by the schema and by the program', () => {
  const validate = validator('config');
  const configs: [config: unknown, isGood: boolean][] = [
    [{}, true],
    [{ failOn: 'error', drainDelaySeconds: 2.5, rules: { 'no-prestop': false, 'shell-pid1': 'off' } }, true],
    [{ rules: { 'no-prestop': { severity: 'info', reason: 'drains' } } }, true],
    [{ workloads: [{ name: 'web-*', longestRequestSeconds: 30, rules: { 'no-prestop': true } }] }, true],
    [{ rules: { 'no-prestp': 'off' } }, false],
    [{ rules: { 'no-prestop': 'fatal' } }, false],
    [{ rules: { 'no-prestop': { reason: 'drains' } } }, false],
    [{ workloads: [{ kind: 'Deployment' }] }, false],
    [{ longestRequestSeconds: -1 }, false],
    [{ rule: {} }, false],
  ];
  for (const [config, isGood] of configs) {
    assert.deepEqual([validate(config), Config.safeParse(config).success], [isGood, isGood], JSON.stringify(config));
  }
});
