import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { environment } from '../../src/clusters/local/environment.ts';
import type { EnvironmentSources } from '../../src/kubernetes-rules/environment-variables.ts';
import { absentSources, environmentProblems } from '../../src/kubernetes-rules/environment-variables.ts';
import type { Container } from '../../src/kubernetes-rules/objects.ts';

const POD = {
  name: 'web-1',
  namespace: 'shop',
  uid: '1-2-3',
  labels: { app: 'web', 'a.b/c': 'd' },
  annotations: { note: 'x=y' },
  node: 'node1',
  serviceAccount: 'runner',
  podIP: '10.0.0.7',
  hostIP: '192.168.0.1',
};
type Variables = NonNullable<Container['env']>;
type Sources = NonNullable<Container['envFrom']>;
type Values = Record<string, string>;

const SOURCES: EnvironmentSources = {
  ConfigMap: new Map([
    ['settings', { MODE: 'fast', 'log.level': 'info', '1ST': 'one' }],
    ['more', { MODE: 'slow' }],
  ]),
  Secret: new Map([['db', { PASSWORD: 's3cret' }]]),
};

const fromField = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const fromConfigMap = (name: string, key: string, optional?: boolean) => ({
  name: key,
  valueFrom: { configMapKeyRef: { name, key, ...(optional === undefined ? {} : { optional }) } },
});
const ADDRESS = { HOST: '127.0.0.1', PORT: '20001' };
const given = (container: Partial<Container>, input: { inherited?: Values; preset?: Values; assigned?: Values } = {}) =>
  environment({ name: 'app', ...container } as Container, {
    pod: POD,
    sources: SOURCES,
    containers: [{ name: 'proxy', resources: { limits: { cpu: '250m' } } }],
    inherited: {},
    preset: {},
    assigned: ADDRESS,
    ...input,
  });
const of = (env: Variables, inherited: Values = {}) => given({ env }, { inherited });

describe('the value of a variable', () => {
  const table: [what: string, env: Variables, expected: Record<string, string>][] = [
    ['is used as written', [{ name: 'A', value: 'b' }], { A: 'b' }],
    ['is empty if none is given', [{ name: 'A' }], { A: '' }],
    [
      'can refer to variables earlier in the list',
      [
        { name: 'HOST_NAME', value: 'db' },
        { name: 'URL', value: 'http://$(HOST_NAME)/$(HOST_NAME)' },
      ],
      { URL: 'http://db/db' },
    ],
    [
      'can refer to variables that contain references themselves',
      [
        { name: 'A', value: '1' },
        { name: 'B', value: '$(A)2' },
        { name: 'C', value: '$(B)3' },
      ],
      { C: '123' },
    ],
    [
      'cannot refer to later variables or to itself',
      [
        { name: 'A', value: '$(A) $(B)' },
        { name: 'B', value: '1' },
      ],
      { A: '$(A) $(B)' },
    ],
    [
      'refers to the last earlier variable of that name',
      [
        { name: 'A', value: '1' },
        { name: 'B', value: '$(A)' },
        { name: 'A', value: '2' },
      ],
      { A: '2', B: '1' },
    ],
    [
      'keeps escaped and unknown references',
      [
        { name: 'A', value: '1' },
        { name: 'B', value: '$$(A) $(C) $A $(constructor)' },
      ],
      { B: '$(A) $(C) $A $(constructor)' },
    ],
    [
      'can be a field of the pod, to which later variables can refer',
      [fromField('POD', 'metadata.name'), { name: 'A', value: '$(POD).$(NODE)' }, fromField('NODE', 'spec.nodeName')],
      { POD: 'web-1', A: 'web-1.$(NODE)', NODE: 'node1' },
    ],
    [
      'uses the assigned port instead of the written one',
      [
        { name: 'PORT', value: '8080' },
        { name: 'LISTEN', value: '0.0.0.0:$(PORT)' },
      ],
      { PORT: '20001', LISTEN: '0.0.0.0:20001' },
    ],
  ];
  for (const [what, env, expected] of table) {
    test(what, () => {
      const all = of(env);
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, all[name]])), expected);
    });
  }

  test('cannot refer to inherited variables, which belong to the image', () => {
    assert.equal(of([{ name: 'A', value: '$(PATH)' }], { PATH: '/bin' }).A, '$(PATH)');
  });
});

test('the manifest overrides inherited and preset variables, and an assigned address overrides both', () => {
  assert.deepEqual(of([{ name: 'A', value: 'b' }], { A: 'a', PATH: '/bin' }), {
    A: 'b',
    PATH: '/bin',
    HOSTNAME: 'web-1',
    ...ADDRESS,
  });
  const env = [{ name: 'PORT', value: '1' }];
  assert.equal(given({ env }, { preset: ADDRESS, assigned: {} }).PORT, '1');
  assert.equal(given({}, { preset: ADDRESS, assigned: {} }).PORT, '20001');
});

describe('a variable from a field', () => {
  const table: [path: string, value: string][] = [
    ['metadata.name', 'web-1'],
    ['metadata.namespace', 'shop'],
    ['metadata.uid', '1-2-3'],
    ["metadata.labels['app']", 'web'],
    ["metadata.labels['a.b/c']", 'd'],
    ["metadata.labels['constructor']", ''],
    ["metadata.annotations['note']", 'x=y'],
    ["metadata.annotations['missing']", ''],
    ['spec.nodeName', 'node1'],
    ['spec.serviceAccountName', 'runner'],
    ['status.podIP', '10.0.0.7'],
    ['status.podIPs', '10.0.0.7'],
    ['status.hostIP', '192.168.0.1'],
    ['status.hostIPs', '192.168.0.1'],
  ];
  for (const [path, value] of table) {
    test(`${path} is "${value}"`, () => assert.equal(of([fromField('A', path)]).A, value));
  }
});

describe('a variable from a resource', () => {
  const resources = {
    limits: { cpu: '1500m', memory: '1Gi', 'hugepages-2Mi': '4Mi' },
    requests: { cpu: 2, memory: '64M', 'ephemeral-storage': '1G' },
  };
  const table: [resource: string, divisor: string | number | undefined, value: string][] = [
    ['limits.cpu', undefined, '2'],
    ['limits.cpu', '0', '2'],
    ['limits.cpu', '1m', '1500'],
    ['limits.memory', undefined, '1073741824'],
    ['limits.memory', '1Mi', '1024'],
    ['limits.memory', '1M', '1074'],
    ['requests.memory', '1Mi', '62'],
    ['requests.cpu', undefined, '2'],
    ['requests.ephemeral-storage', '1Ki', '976563'],
    ['limits.hugepages-2Mi', '1Mi', '4'],
    ['limits.ephemeral-storage', undefined, '0'],
  ];
  for (const [resource, divisor, value] of table) {
    test(`${resource} in units of ${divisor ?? '(no divisor)'} is ${value}`, () => {
      const env = [{ name: 'A', valueFrom: { resourceFieldRef: { resource, divisor } } }];
      assert.equal(given({ env, resources }).A, value);
    });
  }
  test('can be one of another container', () => {
    const resourceFieldRef = { containerName: 'proxy', resource: 'limits.cpu', divisor: '1m' };
    assert.equal(of([{ name: 'A', valueFrom: { resourceFieldRef } }]).A, '250');
  });
  test("is the node's capacity without a limit, and 0 without a request", () => {
    const from = (resource: string) => of([{ name: 'A', valueFrom: { resourceFieldRef: { resource } } }]).A;
    assert.ok(Number(from('limits.cpu')) >= 1 && Number(from('limits.memory')) > 2 ** 20);
    assert.deepEqual([from('requests.cpu'), from('requests.memory')], ['0', '0']);
  });
});

describe('variables from ConfigMaps and Secrets', () => {
  const table: [what: string, envFrom: Sources, env: Variables, expected: Record<string, string | undefined>][] = [
    [
      'have the names of the keys, valid in a shell or not',
      [{ configMapRef: { name: 'settings' } }],
      [],
      { MODE: 'fast', 'log.level': 'info', '1ST': 'one' },
    ],
    ['can have a prefix', [{ prefix: 'DB_', secretRef: { name: 'db' } }], [], { DB_PASSWORD: 's3cret' }],
    [
      'are overridden by later sources',
      [{ configMapRef: { name: 'settings' } }, { configMapRef: { name: 'more' } }],
      [],
      { MODE: 'slow' },
    ],
    [
      'are overridden by env, which can refer to them',
      [{ configMapRef: { name: 'settings' } }],
      [
        { name: 'COPY', value: '$(MODE) $(log.level)' },
        { name: 'MODE', value: 'mine' },
      ],
      { COPY: 'fast info', MODE: 'mine' },
    ],
    ['cannot change the assigned port', [], [{ name: 'PORT', value: '1' }], { PORT: '20001' }],
    [
      'are left out if their source is optional and missing',
      [{ configMapRef: { name: 'no', optional: true } }],
      [],
      {},
    ],
    ['can be a single key', [], [fromConfigMap('settings', 'MODE')], { MODE: 'fast' }],
    [
      'are left out if their key is optional and missing',
      [],
      [fromConfigMap('settings', 'NO', true)],
      { NO: undefined },
    ],
  ];
  for (const [what, envFrom, env, expected] of table) {
    test(what, () => {
      const all = given({ envFrom, env });
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, all[name]])), expected);
    });
  }
});

describe('a container cannot be created', () => {
  const table: [what: string, container: Partial<Container>, problem: string | undefined][] = [
    ['nothing is missing', { envFrom: [{ configMapRef: { name: 'settings' } }] }, undefined],
    ['a ConfigMap is absent', { envFrom: [{ configMapRef: { name: 'no' } }] }, undefined],
    [
      'a key is missing',
      { env: [fromConfigMap('settings', 'constructor')] },
      'env constructor: ConfigMap "settings" has no key "constructor"',
    ],
    ['the key is optional', { env: [fromConfigMap('settings', 'NO', true)] }, undefined],
    [
      'a field is none that a variable can have',
      { env: [fromField('A', 'status.qosClass')] },
      'env A: fieldPath "status.qosClass" is not a field that a variable can have',
    ],
    [
      'a resource is none that a variable can have',
      { env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'cpu' } } }] },
      'env A: resource "cpu" is not one that a variable can have',
    ],
  ];
  for (const [what, container, problem] of table) {
    test(`${problem === undefined ? 'unless' : 'if'} ${what}`, () => {
      const found = environmentProblems({ name: 'app', ...container } as Container, SOURCES);
      assert.deepEqual(
        found.map(({ field, reason }) => `${field}: ${reason}`),
        problem === undefined ? [] : [problem],
      );
    });
  }
});

describe('the objects that the input does not have', () => {
  const fromSecret = (variable: string, name: string, optional = false) => ({
    name: variable,
    valueFrom: { secretKeyRef: { name, key: 'x', optional } },
  });
  const table: [what: string, container: Partial<Container>, absent: string[]][] = [
    ['none', { envFrom: [{ configMapRef: { name: 'settings' } }], env: [fromConfigMap('more', 'MODE')] }, []],
    ['one of envFrom', { envFrom: [{ configMapRef: { name: 'no' } }] }, ['ConfigMap no ()']],
    ['one by two variables', { env: [fromSecret('A', 'no'), fromSecret('B', 'no')] }, ['Secret no (A, B)']],
    [
      'two of one name',
      { envFrom: [{ configMapRef: { name: 'no' } }, { secretRef: { name: 'no' } }] },
      ['ConfigMap no ()', 'Secret no ()'],
    ],
    [
      'an optional one',
      { envFrom: [{ secretRef: { name: 'no', optional: true } }], env: [fromSecret('A', 'no', true)] },
      [],
    ],
  ];
  for (const [what, container, expected] of table) {
    test(what, () => {
      const absent = absentSources([{ name: 'app', ...container } as Container], SOURCES);
      assert.deepEqual(
        absent.map(({ kind, name, variables }) => `${kind} ${name} (${variables.join(', ')})`),
        expected,
      );
    });
  }
});
