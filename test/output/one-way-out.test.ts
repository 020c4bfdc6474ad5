/** Nothing in the program writes to stdout or stderr but `src/output.ts`; the warden, a process of its own, does. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../cli/program.ts';

/** A write of one's own, by whatever name; and the descriptors themselves. */
const WRITES =
  /\bconsole\s*[.[]|process\.std(out|err)\s*\??\.\s*(write|end|cork)|\bprocess\._rawDebug|writeSync\([12]\b/;

const ALLOWED = ['output.ts', join('processes', 'warden.ts')];

test('src/output.ts is the only way out', () => {
  const src = join(PROJECT, 'src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  assert.ok(files.length > 100);
  const writing = files.filter((name) => !ALLOWED.includes(name) && WRITES.test(readFileSync(join(src, name), 'utf8')));
  assert.deepEqual(writing, []);
});
