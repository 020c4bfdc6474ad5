/** Only `src/output.ts` writes to stdout and stderr; and the warden, which is a separate process. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../cli/program.ts';

/** Writes to the streams in any form, and to the descriptors themselves. */
const WRITES =
  /\bconsole\s*[.[]|process\.std(out|err)\s*\??\.\s*(write|end|cork)|\bprocess\._rawDebug|writeSync\([12]\b/;

const ALLOWED = ['output.ts', join('processes', 'warden.ts')];

test('only src/output.ts writes output', () => {
  const src = join(PROJECT, 'src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  assert.ok(files.length > 100);
  const writing = files.filter((name) => !ALLOWED.includes(name) && WRITES.test(readFileSync(join(src, name), 'utf8')));
  assert.deepEqual(writing, []);
});
