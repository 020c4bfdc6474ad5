import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { environmentSources } from '../../src/manifests/environment-sources.ts';
import { manifests } from './manifest-text.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const object = (kind: string, name: string, fields: object) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name },
  ...fields,
});
const read = (...more: object[]) => environmentSources(manifests({ more }));

describe('the sources of variables', () => {
  test('are the ConfigMaps and Secrets of the input, in plain text', () => {
    const { ConfigMap, Secret } = read(
      object('ConfigMap', 'settings', { data: { A: '1' }, binaryData: { B: base64('2') } }),
      object('ConfigMap', 'empty', {}),
      object('Secret', 'db', {
        data: { USER: base64('me'), PASSWORD: base64('old') },
        stringData: { PASSWORD: 'new' },
      }),
      object('Secret', 'long', { data: { KEY: `${base64('x'.repeat(60)).replaceAll(/.{20}/g, '$&\n')}` } }),
    );
    assert.deepEqual(Object.fromEntries(ConfigMap), { settings: { A: '1' }, empty: {} });
    assert.deepEqual(Object.fromEntries(Secret), {
      db: { USER: 'me', PASSWORD: 'new' },
      long: { KEY: 'x'.repeat(60) },
    });
  });

  test('of another namespace are not those of the workload', () => {
    const elsewhere = { ...object('ConfigMap', 'c', {}), metadata: { name: 'c', namespace: 'elsewhere' } };
    const inShop = { deployment: { 'metadata.namespace': 'shop' }, more: [elsewhere] };
    assert.equal(environmentSources(manifests(inShop)).ConfigMap.size, 0);
    assert.equal(read(elsewhere).ConfigMap.size, 1);
  });

  const refused: [what: string, written: object, message: RegExp][] = [
    ['a number', object('ConfigMap', 'c', { data: { A: 1 } }), /ConfigMap "c", data\.A: .*expected string/],
    ['plain text', object('Secret', 's', { data: { A: 'secret!' } }), /Secret "s", data\.A: is not base64/],
  ];
  for (const [what, written, message] of refused) {
    test(`are refused with ${what}, as by the API server`, () => {
      assert.throws(
        () => read(written),
        (error) => error instanceof InputError && message.test(error.message),
      );
    });
  }
});
