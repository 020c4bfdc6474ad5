import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { githubAnnotations } from '../../src/report/github.ts';
import { annotationLines, escapeData, escapeProperty } from '../../src/report/github-escape.ts';

describe('workflow commands', () => {
  const table: [text: string, data: string, property: string][] = [
    ['plain', 'plain', 'plain'],
    ['100 %', '100 %25', '100 %25'],
    ['a\nb\r\nc', 'a%0Ab%0D%0Ac', 'a%0Ab%0D%0Ac'],
    ['a:b,c', 'a:b,c', 'a%3Ab%2Cc'],
    ['%0A', '%250A', '%250A'],
    ['::error::x', '::error::x', '%3A%3Aerror%3A%3Ax'],
  ];
  for (const [text, data, property] of table) {
    test(`escape ${JSON.stringify(text)}`, () => {
      assert.equal(escapeData(text), data);
      assert.equal(escapeProperty(text), property);
    });
  }

  test('are at most ten, and the last says how many are missing', () => {
    const of = (length: number) =>
      annotationLines(Array.from({ length }, (_, i) => ({ level: 'error' as const, title: 't', message: `${i}` })));
    assert.equal(of(10).length, 10);
    assert.equal(of(10).at(-1), '::error title=t::9');
    assert.equal(of(25).length, 10);
    assert.equal(of(25).at(-1), '::error title=16 more::16 more are in the job summary.');
  });

  test('tell broken requests from bad measurements', () => {
    const complaints = ['invalid: valid-bun: no request was made', 'valid-node broke 3 requests\n::warning::'];
    assert.equal(
      githubAnnotations({ trials: [], complaints }),
      '::error title=The measurement is not valid::valid-bun: no request was made\n' +
        '::error title=A valid variant broke requests::valid-node broke 3 requests%0A::warning::\n',
    );
    assert.equal(githubAnnotations({ trials: [], complaints: [] }), '');
  });
});
