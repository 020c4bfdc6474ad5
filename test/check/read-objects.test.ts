import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type LocatedObject, readObjects } from '../../src/check/located-object.ts';
import type { CheckedObject } from '../../src/check/objects.ts';
import type { ReadingProblem } from '../../src/check/reading-problem.ts';
import { manifestText } from '../manifests/manifest-text.ts';

const TEXT = manifestText();
const [DEPLOYMENT = '', SERVICE = ''] = TEXT.split('---\n');
const CONFIG = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';

const read = (text: string) => readObjects({ name: 'shop.yaml', text });
const kinds = (text: string) => read(text).objects.map(({ value }) => value.kind);
const indented = (text: string) => text.replaceAll(/^(?=.)/gm, '    ').replace(/^ {4}/, '  - ');
const list = (kind: string, ...objects: string[]) =>
  `apiVersion: v1\nkind: ${kind}\nitems:\n${objects.map(indented).join('')}`;

describe('objects are read from', () => {
  const table: [what: string, text: string, kinds: string[]][] = [
    ['several documents', TEXT, ['Deployment', 'Service']],
    ['lines that end as on Windows', TEXT.replaceAll('\n', '\r\n'), ['Deployment', 'Service']],
    ['a byte order mark', `\uFEFF${TEXT}`, ['Deployment', 'Service']],
    ['empty documents', `---\n---\n${TEXT}---\n# nothing\n`, ['Deployment', 'Service']],
    ['ends of documents', `${TEXT.replaceAll('---', '...\n---')}...\n`, ['Deployment', 'Service']],
    ['directives', `%YAML 1.2\n---\n${DEPLOYMENT}...\n%YAML 1.2\n---\n${SERVICE}`, ['Deployment', 'Service']],
    ['a List', list('List', DEPLOYMENT, SERVICE), ['Deployment', 'Service']],
    ['a typed list', list('ServiceList', SERVICE.replace(/apiVersion.*\nkind.*\n/, '')), ['Service']],
    ['an empty List', 'apiVersion: v1\nkind: List\nitems: []\n', []],
    ['JSON', JSON.stringify(read(TEXT).objects[0]?.value), ['Deployment']],
    [
      'several objects of JSON',
      `${JSON.stringify(read(TEXT).objects[0]?.value, null, 2)}\n{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "}{"}, "spec": {}}`,
      ['Deployment', 'Service'],
    ],
    ['merge keys', DEPLOYMENT.replace('app: shop\n', 'app: shop\n      <<: {tier: web}\n'), ['Deployment']],
    ['documents of other kinds', `${CONFIG}---\n${TEXT}---\n${CONFIG}`, ['Deployment', 'Service']],
    [
      'other API groups with kinds of the same name',
      SERVICE.replace('apiVersion: v1', 'apiVersion: example.com/v1'),
      [],
    ],
    ['nothing', '', []],
  ];
  for (const [what, text, expected] of table) test(what, () => assert.deepEqual(kinds(text), expected));

  test('all kinds are counted', () => {
    const found = read(`${TEXT}---\n${CONFIG}---\n${CONFIG}---\n${list('List', CONFIG)}`).kinds;
    assert.deepEqual(Object.fromEntries(found), { Deployment: 1, Service: 1, ConfigMap: 3 });
  });

  test('a document of another kind is not validated', () => {
    assert.deepEqual(kinds(`${CONFIG}data: [\n---\n${DEPLOYMENT}`), ['Deployment']);
  });
});

describe('a field is found', () => {
  const GRACE = ['spec', 'template', 'spec', 'terminationGracePeriodSeconds'];
  const place = (object: LocatedObject<CheckedObject> | undefined, path: (string | number)[], text: string) => {
    const { line, column } = object?.locate(path) ?? assert.fail();
    return text.split(/\r?\n/)[line - 1]?.slice(column - 1);
  };
  const at = (text: string, path: (string | number)[], index = 0) => place(read(text).objects[index], path, text);
  const APP = ['spec', 'template', 'spec', 'containers', 0];

  const table: [what: string, text: string, path: (string | number)[], index: number, found: string][] = [
    ['by its key', TEXT, ['spec', 'replicas'], 0, 'replicas: 3'],
    ['in an item of a list', TEXT, [...APP, 'image'], 0, 'image: shop:1'],
    ['as an item of a list', TEXT, APP, 0, 'name: app'],
    ['in the second document', TEXT, ['spec', 'ports', 0, 'targetPort'], 1, 'targetPort: http'],
    ['after Windows line ends', TEXT.replaceAll('\n', '\r\n'), ['spec', 'ports', 0, 'port'], 1, 'port: 80'],
    ['after documents that are not read', `${CONFIG}---\n${TEXT}`, ['spec', 'replicas'], 0, 'replicas: 3'],
    ['in a List', list('List', DEPLOYMENT, SERVICE), ['spec', 'selector'], 1, 'selector:'],
    ['at its nearest parent if it is absent', TEXT, [...APP, 'lifecycle', 'preStop'], 0, 'name: app'],
    ['at the object if all of its path is absent', TEXT, ['status', 'replicas'], 0, 'apiVersion: apps/v1'],
    [
      'in the second object of JSON',
      `{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {}}\n${JSON.stringify(read(TEXT).objects[0]?.value, null, 1)}`,
      ['spec', 'replicas'],
      1,
      '"replicas": 3,',
    ],
    ['in flow style', JSON.stringify(read(TEXT).objects[0]?.value, null, 1), ['spec', 'replicas'], 0, '"replicas": 3,'],
  ];
  for (const [what, text, path, index, found] of table) test(what, () => assert.equal(at(text, path, index), found));

  test('through an alias', () => {
    const text = `${CONFIG.replace('ConfigMap', 'List')}x: &pod\n  terminationGracePeriodSeconds: 5\n  containers: [{name: app}]\nitems:\n  - apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: a}\n    spec:\n      selector: {}\n      template:\n        spec: *pod\n`;
    assert.equal(at(text, GRACE), 'terminationGracePeriodSeconds: 5');
  });
});

describe('a problem with its line and column is', () => {
  const deployment = (path: string, value: unknown) => manifestText({ deployment: { [path]: value } });
  const bomb = Array.from({ length: 9 }, (_, level) =>
    level === 0
      ? 'l0: &l0 [x]\n'
      : `l${level}: &l${level} [${Array(10)
          .fill(`*l${level - 1}`)
          .join(', ')}]\n`,
  ).join('');
  const table: [what: string, text: string, message: RegExp][] = [
    ['invalid YAML', `${DEPLOYMENT}---\na: [1, 2`, /^23:9: not valid YAML: /],
    ['a tab as indentation', 'a:\n\tb: 1\n', /^2:1: not valid YAML: Tabs are not allowed/],
    [
      'a duplicate key',
      DEPLOYMENT.replace('replicas: 3', 'replicas: 3\n  replicas: 5'),
      /^7:3: "replicas" is written twice: kubectl keeps this value and drops that of line 6; remove one$/,
    ],
    [
      'an API version that is gone',
      DEPLOYMENT.replace('apps/v1', 'extensions/v1beta1'),
      /^1:1: Deployment "shop": Kubernetes 1\.16 removed Deployment from extensions\/v1beta1; write apiVersion: apps\/v1$/,
    ],
    [
      'an API version that is gone, of an object without a selector',
      'apiVersion: apps/v1beta2\nkind: DaemonSet\nmetadata: {name: a}\nspec: {template: {}}\n',
      /write apiVersion: apps\/v1, with a spec\.selector$/,
    ],
    [
      'an API version that is gone, of an autoscaler',
      'apiVersion: autoscaling/v2beta2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n',
      /^1:1: HorizontalPodAutoscaler "a": Kubernetes 1\.26 removed HorizontalPodAutoscaler from autoscaling\/v2beta2; write apiVersion: autoscaling\/v2$/,
    ],
    [
      'a value that YAML 1.1 takes for a boolean',
      manifestText().replace('name: shop', 'name: shop\n  labels: {debug: yes}'),
      /^\d+:\d+: Deployment "shop": the API server refuses metadata\.labels\.debug: .*expected string, received boolean; put it in quotes$/,
    ],
    ['a template', 'a: {{ .Values.a }}\nb: {{ c }} d\n', /not valid YAML: .*Render it first/],
    ['an alias bomb', `${DEPLOYMENT}---\n${bomb}`, /^23:1: not valid YAML: .*alias/],
    [
      'an undefined alias',
      'a: *nowhere\n',
      /^1:4: not valid YAML: .*alias.*nowhere|^1:1: not valid YAML: .*alias.*nowhere/,
    ],
    ['very deep nesting', `a: ${'['.repeat(100_000)}`, /not valid YAML: /],
    ['a string', 'hello', /^1:1: not a Kubernetes object: it is not a mapping$/],
    ['a list', '\n- 1\n', /^2:1: .*it is not a mapping$/],
    ['the values of a chart', 'replicaCount: 1\n', /^1:1: .*: apiVersion is missing or not a string$/],
    ['a kind that is a number', 'apiVersion: v1\nkind: 1\n', /^2:1: .*: kind is missing or not a string$/],
    [
      'replicas as a string',
      deployment('spec.replicas', '3'),
      /^6:3: Deployment "shop": the API server refuses spec\.replicas: .*expected number/,
    ],
    [
      'no container',
      deployment('spec.template.spec.containers', []),
      /^16:7: Deployment "shop": the API server refuses spec\.template\.spec\.containers: /,
    ],
    [
      'a variable with a number',
      deployment('spec.template.spec.containers[0].env', [{ name: 'A', value: 1 }]),
      /env\[0\]\.value: .*expected string, received number; put it in quotes$/,
    ],
    [
      'a missing name',
      deployment('metadata.name', undefined),
      /^3:1: Deployment: the API server refuses metadata\.name: /,
    ],
    ['an item of a List', `${list('List', DEPLOYMENT)}  - kind: Pod\n`, /^\d+:5: items\[1\] lacks apiVersion or kind$/],
  ];
  for (const [what, text, expected] of table) {
    test(what, () => {
      const { problems } = read(text);
      assert.equal(problems.length, 1);
      const { source, position, message } = problems[0] as ReadingProblem;
      assert.equal(source, 'shop.yaml');
      assert.match(`${position.line}:${position.column}: ${message}`, expected);
    });
  }

  test('beside the objects of other documents, and of other items of a list', () => {
    const { objects, problems } = read(
      `a: [\n---\n${list('List', DEPLOYMENT)}  - kind: Pod\n---\nb: 1\n---\n${SERVICE}`,
    );
    assert.deepEqual([objects.length, problems.map(({ position }) => position.line)], [2, [2, 27, 29]]);
  });

  test('skipped if a search found the file and it holds something else', () => {
    const { problems, skipped } = readObjects({ name: 'values.yaml', text: 'a: 1\n', searched: true });
    assert.deepEqual([problems, skipped], [[], ['values.yaml']]);
    assert.equal(readObjects({ name: 'values.yaml', text: 'a: [\n', searched: true }).problems.length, 1);
  });

  test('about an object, whose annotations may silence it', () => {
    const text = DEPLOYMENT.replace('apps/v1', 'extensions/v1beta1').replace(
      'metadata:',
      'metadata:\n  annotations: {a: b}',
    );
    const [problem] = read(text).problems;
    assert.deepEqual(problem?.object, { apiVersion: 'extensions/v1beta1', kind: 'Deployment', name: 'shop' });
    assert.deepEqual(problem?.annotations, { a: 'b' });
  });
});
