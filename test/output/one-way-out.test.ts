/** Nothing in the program writes to stdout or stderr but `src/output.ts`. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../cli/program.ts';

/** A write of one's own, by whatever name; and the descriptors themselves. */
const WRITES =
  /\bconsole\s*[.[]|process\.std(out|err)\s*\??\.\s*(write|end|cork)|\bprocess\._rawDebug|writeSync\([12]\b/;

test('src/output.ts is the only way out', () => {
  const src = join(PROJECT, 'src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  assert.ok(files.length > 100);
  const writing = files.filter((name) => name !== 'output.ts' && WRITES.test(readFileSync(join(src, name), 'utf8')));
  assert.deepEqual(writing, []);
});
