/** Absurd flags must lead to one line and exit code 2. */
import { describe, it } from 'node:test';
import { held } from './program.ts';

const CASES: readonly (readonly string[])[] = [
  ['compare', '--rate', '1e9'],
  ['compare', '--repeat', '99999999999999999999'],
  ['compare', '--out', ''],
  ['check', '-f', ''],
  ['check', '-f', 'no\u001b[31mfile'],
  ['run', '--path', '/a\r\nx: y', '--', 'true'],
  ['run', '--path', 'http://elsewhere/', '--', 'true'],
  ['report', 'no-such-folder\u0007'],
  ['explain', '::error::x'],
  ['conform', '--grace', '1e99', '--', 'true'],
  ['\u001b]0;title\u0007'],
];

describe('hostile flags', { concurrency: 4 }, () => {
  for (const args of CASES) it(JSON.stringify(args), async (t) => void (await held(t, args, { codes: [2] })));
});
