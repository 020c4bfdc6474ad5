import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { readLines } from '../../src/processes/output-lines.ts';

async function linesOf(...chunks: (string | Buffer)[]): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  const ended = readLines(stream, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await ended;
  return lines;
}

test('lines are found wherever the chunks are cut', async () => {
  assert.deepEqual(await linesOf('on', 'e\ntwo\r', '\n\nlast'), ['one', 'two', '', 'last']);
});

test('a character split between chunks stays whole', async () => {
  const bytes = Buffer.from('ä\n');
  assert.deepEqual(await linesOf(bytes.subarray(0, 1), bytes.subarray(1)), ['ä']);
});

test('an endless line is cut', async () => {
  const lines = await linesOf(...Array.from({ length: 40 }, () => 'x'.repeat(1024)));
  assert.deepEqual(lines, [`${'x'.repeat(16 * 1024)} [cut]`]);
});

test('an endless stream is throttled', async (t) => {
  const stream = new PassThrough();
  let lines = 0;
  void readLines(stream, () => lines++);
  const text = 'y\n'.repeat(32 * 1024);
  const writer = setInterval(() => stream.writableNeedDrain || stream.write(text), 0);
  t.after(() => {
    clearInterval(writer);
    stream.destroy();
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.ok(lines >= 32 * 1024, `${lines} lines`);
  assert.ok(lines * 2 < 500 * 1024 * 20, 'far from all that could have come');
});
