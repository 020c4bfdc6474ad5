import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { environment } from '../../src/clusters/local/environment.ts';
import type { Container } from '../../src/kubernetes-rules/objects.ts';

const POD = { name: 'web-1', node: 'node1', namespace: 'shop', host: '127.0.0.1', port: 20_001 };
type Variables = NonNullable<Container['env']>;

const fromField = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const of = (env: Variables, inherited: Record<string, string> = {}, ownPort?: number) =>
  environment({ name: 'app', env }, POD, inherited, ownPort);

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

test('the manifest overrides inherited variables, and the address overrides both', () => {
  assert.deepEqual(of([{ name: 'A', value: 'b' }], { A: 'a', PATH: '/bin' }), {
    A: 'b',
    PATH: '/bin',
    HOSTNAME: 'web-1',
    HOST: '127.0.0.1',
    PORT: '20001',
  });
  const { HOST, PORT } = of([{ name: 'PORT', value: '1' }], {}, 8080);
  assert.deepEqual([HOST, PORT], ['0.0.0.0', '8080']);
});

test('an unsupported field is rejected in one line', () => {
  assert.throws(
    () => of([fromField('A', 'status.qosClass')]),
    /^ProgramError: env A: the local cluster does not support /,
  );
});
