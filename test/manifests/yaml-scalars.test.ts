import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { yamlDocuments } from '../../src/manifests/yaml-documents.ts';

function read(text: string) {
  const [document] = yamlDocuments({ name: 'a.yaml', text, linesBefore: 0 });
  return document ?? assert.fail('an empty document');
}

/** What `kubectl label --local -o json` of kubectl 1.37 makes of each. */
const SCALARS: [text: string, value: unknown][] = [
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((text): [string, boolean] => [
    text,
    true,
  ]),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((text): [string, boolean] => [
    text,
    false,
  ]),
  ...['oN', 'tRUE', 'nULL', '=', '1:30', '2024-01-01', '_1', '1.2.3', '0x', '0o8', '1e'].map(
    (text): [string, string] => [text, text],
  ),
  ['"yes"', 'yes'],
  ['!!str yes', 'yes'],
  ['0644', 420],
  ['0o644', 420],
  ['-010', -8],
  ['0_7', 7],
  ['08', 8],
  ['0888', 888],
  ['010.5', 10.5],
  ['1_000', 1000],
  ['1__0', 10],
  ['1_000.5', 1000.5],
  ['+5', 5],
  ['0x1F', 31],
  ['-0x1F', -31],
  ['0x_1', 1],
  ['0b101', 5],
  ['1e3', 1000],
  ['1E+3', 1000],
  ['12e03', 12_000],
  ['.5', 0.5],
  ['-.5e-3', -0.0005],
  ['1.', 1],
  ['0', 0],
];

describe('a plain scalar is what kubectl reads:', () => {
  for (const [text, value] of SCALARS) {
    test(text, () => assert.deepEqual(read(`a: ${text}\n`).value, { a: value }));
  }
  test('null, which the API server takes for absent', () => {
    for (const text of ['~', 'null', 'Null', 'NULL', ''])
      assert.deepEqual(read(`a: ${text}\nb: c\n`).value, { b: 'c' });
  });
  test('keys are text', () => {
    assert.deepEqual(read('on: {no: 1}\n1: a\n1.5: b\n').value, { true: { false: 1 }, 1: 'a', 1.5: 'b' });
  });
  test('a version in the text changes nothing', () => {
    assert.deepEqual(read('%YAML 1.2\n---\na: no\nb: 0644\n').value, { a: false, b: 420 });
  });
});

describe('keys that are written twice', () => {
  test('are listed with both lines, and the last value counts', () => {
    const { value, duplicateKeys } = read('a: 1\nb:\n  c: 1\n  c: 2\na: 3\n');
    assert.deepEqual(value, { a: 3, b: { c: 2 } });
    assert.deepEqual(duplicateKeys.map(({ key, position, firstLine }) => [key, position.line, firstLine]).sort(), [
      ['a', 5, 1],
      ['c', 4, 3],
    ]);
  });
  test('are the same key as text and as a number', () => {
    assert.equal(read('{1: a, "1": b}').duplicateKeys.length, 1);
  });
  test('are not merge keys', () => {
    assert.deepEqual(read('a: {<<: {b: 1}, <<: {c: 2}}\n').duplicateKeys, []);
  });
});

describe('a field is found', () => {
  const lineOf = (text: string, path: (string | number)[]) => read(text).positionOf(path).line;
  test('where it is written last', () => assert.equal(lineOf('a: 1\nb: 2\na: 3\n', ['a']), 3));
  test('in the mapping that is merged', () => {
    assert.equal(lineOf('x: &x\n  a: 1\nz:\n  <<: *x\n', ['z', 'a']), 2);
    assert.equal(lineOf('x: &x\n  a: 1\nz:\n  <<: [*x]\n  a: 2\n', ['z', 'a']), 5);
  });
  test('at its parent, if no merged mapping has it', () => {
    assert.equal(lineOf('x: &x\n  a: 1\nz:\n  <<: [*x, *x]\n', ['z', 'b']), 3);
  });
});
