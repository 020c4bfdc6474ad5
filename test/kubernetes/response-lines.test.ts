/** Lines of a response, wherever its chunks end. */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { linesOf } from '../../src/clusters/kubernetes/response-lines.ts';

const CASES: readonly [chunks: string[], lines: string[]][] = [
  [['a\nb\n'], ['a', 'b']],
  [
    ['a', 'b\nc', '\n'],
    ['ab', 'c'],
  ],
  [['a\n\nb\n'], ['a', '', 'b']],
  [['a\nnot ended'], ['a']],
  [[], []],
  [['123456789\nnext\n'], ['12345678', 'next']],
  [
    ['1234', '5678', '9', '0\nnext\n'],
    ['12345678', 'next'],
  ],
  [
    ['x'.repeat(100_000), 'x'.repeat(100_000), '\ny\n'],
    ['xxxxxxxx', 'y'],
  ],
];

for (const [chunks, expected] of CASES) {
  test(`of ${JSON.stringify(chunks).slice(0, 40)}`, async () => {
    const lines: string[] = [];
    const response = Readable.from(
      chunks.map((chunk) => Buffer.from(chunk)),
      { objectMode: false },
    );
    for await (const line of linesOf(response as IncomingMessage, 8)) lines.push(line);
    assert.deepEqual(lines, expected);
  });
}
