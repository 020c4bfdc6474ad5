/** What a server may print, and what is kept. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CUT_MARK, LineSplitter, LONGEST_LINE_BYTES, plainLine } from '../../src/processes/line-splitter.ts';

function linesOf(chunks: readonly Buffer[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

const full = 'x'.repeat(LONGEST_LINE_BYTES);
const euro = Buffer.from('€');

describe('output is split into lines', () => {
  const table: [what: string, chunks: (string | Buffer)[], lines: string[]][] = [
    ['nothing', [], []],
    ['an empty line', ['\n'], ['']],
    ['lines in one chunk', ['a\nb\r\n\nc'], ['a', 'b', '', 'c']],
    ['a line end split between chunks', ['a\r', '\n', 'b\n'], ['a', 'b']],
    ['a line in many pieces', [...'one line\n'], ['one line']],
    ['a character in two pieces', [euro.subarray(0, 1), euro.subarray(1), '\n'], ['€']],
    ['bytes that are not UTF-8', [Buffer.from([0xff, 0xc3, 0x28, 0x0a])], ['\ufffd\ufffd(']],
    ['an incomplete character', [euro.subarray(0, 2), '\n'], ['\ufffd']],
    ['zero bytes', ['a\0b\n'], ['a\0b']],
    ['the longest line', [full, '\nb'], [full, 'b']],
    ['a longer line in one chunk', [`${full}y\nb\n`], [full + CUT_MARK, 'b']],
    ['a longer line in many chunks', [full, 'y', full, 'z\nb\n'], [full + CUT_MARK, 'b']],
    ['an endless line', [full, full, full, full], [full + CUT_MARK]],
    ['a carriage return at the cut', [`${full.slice(1)}\r`, 'y\n'], [full.slice(1) + CUT_MARK]],
  ];
  for (const [what, chunks, lines] of table) {
    test(what, () => assert.deepEqual(linesOf(chunks.map((chunk) => Buffer.from(chunk))), lines));
  }
});

test('an endless line keeps no memory, whatever the size of its chunks', () => {
  for (const bytes of [1, 1000, 1024 * 1024]) {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    const chunk = Buffer.alloc(bytes, 'x');
    const beforeBytes = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 20_000; i++) splitter.push(chunk);
    assert.ok(process.memoryUsage().arrayBuffers - beforeBytes < 32 * 1024 * 1024);
    assert.equal(lines.length, 1);
  }
});

describe('a line as a terminal shows it', () => {
  const table: [what: string, line: string, plain: string][] = [
    ['plain text', 'GET /  200 – "ok"', 'GET /  200 – "ok"'],
    ['colours', '\u001b[1;31merror\u001b[0m: no', 'error: no'],
    ['a title', '\u001b]0;title\u0007text', 'text'],
    ['cursor movements', 'a\u001b[2K\u001b[1Gb', 'ab'],
    ['a progress bar', ' 10 %\r 50 %\r100 %', '100 %'],
    ['a progress bar that ends with a carriage return', ' 10 %\r100 %\r', '100 %\ufffd'],
    ['control characters', 'a\0b\u0007c\u009bd\te', 'a\ufffdb\ufffdc\ufffdd e'],
    ['a long line', 'x'.repeat(41), `${'x'.repeat(34)} [cut]`],
    ['the longest line', 'x'.repeat(40), 'x'.repeat(40)],
    ['half a character', `${'x'.repeat(33)}😀${'x'.repeat(10)}`, `${'x'.repeat(33)} [cut]`],
  ];
  for (const [what, line, plain] of table) test(what, () => assert.equal(plainLine(line, 40), plain));
});
