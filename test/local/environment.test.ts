import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { environment } from '../../src/clusters/local/environment.ts';
import type { Container } from '../../src/kubernetes-rules/objects.ts';

const POD = { name: 'web-1', node: 'node1', namespace: 'shop', host: '127.0.0.1', port: 20_001 };
type Variables = NonNullable<Container['env']>;

const fromField = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const of = (env: Variables, inherited: Record<string, string> = {}, ownPort?: number) =>
  environment({ name: 'app', env }, POD, inherited, ownPort);

describe('a value of a variable', () => {
  const table: [what: string, env: Variables, expected: Record<string, string>][] = [
    ['is as written', [{ name: 'A', value: 'b' }], { A: 'b' }],
    ['is empty where there is none', [{ name: 'A' }], { A: '' }],
    [
      'has the variables before it in the list',
      [
        { name: 'HOST_NAME', value: 'db' },
        { name: 'URL', value: 'http://$(HOST_NAME)/$(HOST_NAME)' },
      ],
      { URL: 'http://db/db' },
    ],
    [
      'has those that have variables themselves',
      [
        { name: 'A', value: '1' },
        { name: 'B', value: '$(A)2' },
        { name: 'C', value: '$(B)3' },
      ],
      { C: '123' },
    ],
    [
      'has no variable that comes after it, nor itself',
      [
        { name: 'A', value: '$(A) $(B)' },
        { name: 'B', value: '1' },
      ],
      { A: '$(A) $(B)' },
    ],
    [
      'has the last of a name that came before it',
      [
        { name: 'A', value: '1' },
        { name: 'B', value: '$(A)' },
        { name: 'A', value: '2' },
      ],
      { A: '2', B: '1' },
    ],
    [
      'keeps what is escaped, and what nobody knows',
      [
        { name: 'A', value: '1' },
        { name: 'B', value: '$$(A) $(C) $A $(constructor)' },
      ],
      { B: '$(A) $(C) $A $(constructor)' },
    ],
    [
      "has fields of the pod, whose values' references stay",
      [fromField('POD', 'metadata.name'), { name: 'A', value: '$(POD).$(NODE)' }, fromField('NODE', 'spec.nodeName')],
      { POD: 'web-1', A: 'web-1.$(NODE)', NODE: 'node1' },
    ],
    [
      'has the port that the server is given in place of the one written',
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

  test("does not have what is inherited: there it is the image's", () => {
    assert.equal(of([{ name: 'A', value: '$(PATH)' }], { PATH: '/bin' }).A, '$(PATH)');
  });
});

test('the manifest comes over what is inherited, and the address over both', () => {
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

test('a field that this cluster does not know is refused in a line', () => {
  assert.throws(
    () => of([fromField('A', 'status.qosClass')]),
    /^ProgramError: env A: the local cluster does not know /,
  );
});
