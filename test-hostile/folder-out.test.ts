/**
 * Request mixes that no run should use, and places in which no run can be saved: rejected before anything is measured.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { InputError } from '../src/errors.ts';
import { readRequestMix } from '../src/load/request-mix.ts';
import { ResultFolder } from '../src/results/folder.ts';
import { PROJECT } from '../test/cli/program.ts';
import { held } from './program.ts';
import { emptyFolder, goodTrace } from './saved-run.ts';

const mix = JSON.parse(readFileSync(join(PROJECT, 'workload.json'), 'utf8')) as { format: string; scenarios: object[] };
const [first] = mix.scenarios;
const scenario = (fields: object) => JSON.stringify({ ...mix, scenarios: [{ ...first, ...fields }] });

const MIXES: readonly [what: string, text: string | Buffer][] = [
  ['a second request in a path', scenario({ path: '/ HTTP/1.1\r\nHost: x\r\n\r\nGET /admin' })],
  ['a space in a path', scenario({ path: '/a b' })],
  ['another server in a path', scenario({ path: '//elsewhere/x' })],
  ['letters that are not ASCII', scenario({ path: '/\u00e9\u2028' })],
  ['a rate of 1e9', scenario({ ratePerSecond: 1e9 })],
  ['connections of 1e9', scenario({ connections: 1e9 })],
  ['a time-out of 1e12', scenario({ timeoutMs: 1e12 })],
  ['a name that leads out', scenario({ name: '../../x' })],
  ['a name of the prototype', '{"format":"k8s-rollout-test/workload/1","scenarios":[{"__proto__":{}}]}'],
  ['10,000 scenarios', JSON.stringify({ ...mix, scenarios: Array(10_000).fill(first) })],
  ['one scenario twice', JSON.stringify({ ...mix, scenarios: [first, first] })],
  ['a field that is not known', scenario({ headers: { 'x-y': 'z\r\n' } })],
  ['40 MB', scenario({ body: 'x'.repeat(4e7) })],
  ['no UTF-8', Buffer.from([0xff, 0xfe, 0x7b])],
];

/** Tested through the program, which takes a third of a second to start. */
const THROUGH_PROGRAM = ['a second request in a path', '40 MB', 'in /proc', 'where traces is a link to another folder'];

describe('run --workload, a file with', { concurrency: 2 }, () => {
  for (const [what, text] of MIXES) {
    it(what, async (t) => {
      const file = join(emptyFolder(t), 'workload.json');
      writeFileSync(file, text);
      assert.throws(
        () => readRequestMix(file),
        (error) => error instanceof InputError && error.message.startsWith(file) && !/\p{Cc}/u.test(error.message),
      );
      if (!THROUGH_PROGRAM.includes(what)) return;
      const { stderr } = await held(t, ['run', '--workload', file, '--', 'node', 'server.js'], { codes: [2] });
      assert.ok(stderr.includes('workload.json'), stderr);
    });
  }
  for (const device of ['/dev/zero', '/proc/self/mem']) {
    it(`what ${device} holds`, async (t) => {
      await held(t, ['run', '--workload', device, '--', 'node', 'server.js'], { codes: [2] });
    });
  }
});

/** Where the run is saved, in an empty folder. */
const PLACES: readonly [what: string, place: (dir: string) => string, code: number][] = [
  ['nowhere', () => '', 2],
  ['in /proc', () => '/proc/x', 4],
  ['in a process', () => '/proc/self', 4],
  ['in a device', () => '/dev/null', 4],
  ['below a file', (dir) => join(withFile(dir, 'file', ''), 'x', 'y'), 4],
  ['in a file', (dir) => withFile(dir, 'file', ''), 4],
  ['below a name that is too long', (dir) => join(dir, 'x'.repeat(300)), 4],
  [
    'in a dangling link',
    (dir) => {
      symlinkSync('/no-such-folder/x', join(dir, 'link'));
      return join(dir, 'link');
    },
    4,
  ],
  [
    'where traces is a link to another folder',
    (dir) => {
      symlinkSync('/tmp', join(dir, 'traces'));
      return dir;
    },
    2,
  ],
  [
    'where result.json is a fifo',
    (dir) => {
      execFileSync('mkfifo', [join(dir, 'result.json')]);
      return dir;
    },
    2,
  ],
  [
    'where a run was interrupted',
    (dir) => {
      mkdirSync(join(dir, 'traces'));
      withFile(dir, 'traces/rollout-1.json', JSON.stringify(goodTrace()));
      withFile(dir, 'traces/control-1.json.0123456789ab.tmp', '{');
      return dir;
    },
    2,
  ],
];

function withFile(dir: string, name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
}

describe('a run that would be saved', { concurrency: 2 }, () => {
  for (const [what, place, code] of PLACES) {
    it(what, async (t) => {
      const out = place(emptyFolder(t));
      assert.throws(() => ResultFolder.forRun(out), { exitCode: code });
      if (!THROUGH_PROGRAM.includes(what)) return;
      const { stdout } = await held(t, ['compare', '--runtime', 'node', '--variant', 'control', '--out', out], {
        codes: [code],
      });
      assert.equal(stdout, '', 'nothing is measured');
    });
  }
});
